kubectl -n "$NAMESPACE" patch pdb a --type=merge -p '{"spec": {"maxUnavailable": 0, "unhealthyPodEvictionPolicy": "AlwaysAllow"}}'
