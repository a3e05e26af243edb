kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f - <<END
{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"mode": "safe"}},
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"mode": "safe"}}]}
END
