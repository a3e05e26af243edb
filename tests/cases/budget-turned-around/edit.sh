kubectl -n "$NAMESPACE" patch pdb web --type=merge -p '{"spec": {"maxUnavailable": null, "minAvailable": 1}}'
