kubectl -n "$NAMESPACE" apply -f git/web.yaml
kubectl -n "$NAMESPACE" apply --server-side -f git/settings.yaml
