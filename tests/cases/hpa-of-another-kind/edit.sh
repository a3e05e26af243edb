kubectl -n "$NAMESPACE" wait --for=jsonpath='{.spec.replicas}'=3 statefulset/web --timeout=60s
kubectl -n "$NAMESPACE" scale deployment web --replicas=5
