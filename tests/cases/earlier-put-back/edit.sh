kubectl -n "$NAMESPACE" label configmap settings tier=front
kubectl -n "$NAMESPACE" patch configmap settings --type=merge -p '{"data": {"old": "gone"}}'
