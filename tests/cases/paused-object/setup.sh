kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f git/web.yaml
for name in a b; do
    kubectl -n "$NAMESPACE" create configmap $name --from-literal=mode=safe -o yaml --dry-run=client |
        kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f -
done
