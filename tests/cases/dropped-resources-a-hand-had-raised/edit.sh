kubectl -n "$NAMESPACE" set resources deployment web --limits=memory=4Gi
