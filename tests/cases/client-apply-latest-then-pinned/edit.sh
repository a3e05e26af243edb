kubectl -n "$NAMESPACE" set image deployment/web main=registry.example/web:1.7
