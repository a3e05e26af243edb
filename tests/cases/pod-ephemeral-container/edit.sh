kubectl -n "$NAMESPACE" debug pod/model --image=registry.example/tools:1 --container=look --attach=false
