kubectl -n "$NAMESPACE" set image deployment/web main=registry.example/web:2.0
kubectl -n "$NAMESPACE" set env deployment/web -c main MODE=fast
