for name in a b; do printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {mode: safe}\n---\n' $name; done | kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f -
