kubectl patch mutatingwebhookconfiguration $CASE-hooks --type=json -p '[
{"op": "replace", "path": "/webhooks/0/objectSelector", "value": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]}}]'
kubectl -n "$NAMESPACE" patch networkpolicy web --type=merge -p '{"spec": {"podSelector": {"matchLabels": {"a": "b"}}}}'
