kubectl -n "$NAMESPACE" set image deployment/b proxy=registry.example/proxy:2
