kubectl -n "$NAMESPACE" set image deployment web main=registry.example/web:9
kubectl -n "$NAMESPACE" set env deployment web NEW=1
