kubectl -n "$NAMESPACE" patch configmap a --type=merge -p '{"data": {"mode": "fast"}}'
kubectl -n "$NAMESPACE" patch configmap b --type=merge -p '{"data": {"mode": "fast"}}'
kubectl -n "$NAMESPACE" scale deployment web --replicas=2
