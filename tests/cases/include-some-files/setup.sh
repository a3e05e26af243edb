kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f git/clusters/prod/apps/web/a.yaml -f git/clusters/prod/one.yml
