kubectl -n "$NAMESPACE" apply --server-side -f - <<'END'
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "labels": {"team": "ml"}}, "data": {"b": "two"}}
END
