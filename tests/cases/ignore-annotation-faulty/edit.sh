kubectl -n "$NAMESPACE" scale deployment web --replicas=3
kubectl -n "$NAMESPACE" set image deployment web main=registry.example/web:2.0
