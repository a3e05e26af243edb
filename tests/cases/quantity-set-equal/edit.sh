kubectl -n "$NAMESPACE" set resources deployment/web --limits=cpu=2000m,memory=1024Mi --requests=cpu=0.5
