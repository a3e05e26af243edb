kubectl -n "$NAMESPACE" set image pod/worker main=registry.example/worker:2.0
