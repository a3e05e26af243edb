kubectl -n "$NAMESPACE" set image deployment web main=registry.example/web:2.0 proxy=registry.example/proxy:2.0
kubectl -n "$NAMESPACE" patch configmap settings --type=json -p '[{"op": "remove", "path": "/data/a.b"}]'
kubectl patch priorityclass $CASE-low --type=merge -p '{"description": "two", "metadata": {"labels": {"a": "2"}}}'
