kubectl -n "$NAMESPACE" patch service web --type=json -p '[{"op": "replace", "path": "/spec/ports/0/targetPort", "value": "http"}]'
kubectl -n "$NAMESPACE" patch pdb web --type=merge -p '{"spec": {"maxUnavailable": 1}}' 
