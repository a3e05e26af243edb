kubectl -n "$NAMESPACE" create configmap settings --from-literal=mode=safe -o yaml --dry-run=client |
    kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f -
