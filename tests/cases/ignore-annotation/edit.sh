kubectl -n "$NAMESPACE" scale deployment web other --replicas=3
kubectl -n "$NAMESPACE" set image deployment web main=registry.example/web:2.0 proxy=registry.example/proxy:2.0
kubectl -n "$NAMESPACE" set image deployment other main=registry.example/web:2.0 proxy=registry.example/proxy:2.0
