kubectl -n "$NAMESPACE" patch configmap a --type=merge -p '{"data": {"mode": "old"}}'
kubectl -n $CASE-two create configmap b --from-literal=mode=fast
