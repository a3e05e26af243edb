kubectl -n "$NAMESPACE" patch lease lock --field-manager=leader --type=merge -p '{"spec": {"holderIdentity": "a", "renewTime": "2026-02-02T03:04:05.123456Z", "leaseTransitions": 3}}'
kubectl -n "$NAMESPACE" patch lease lock --type=merge -p '{"spec": {"leaseDurationSeconds": 60}}'
