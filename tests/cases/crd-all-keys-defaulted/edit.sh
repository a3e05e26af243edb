kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/first --type=json -p '[
{"op": "test", "path": "/spec/rules/0/to", "value": "main"},
{"op": "test", "path": "/spec/rules/2/to", "value": "next"},
{"op": "replace", "path": "/spec/rules/1/to", "value": "FIVE"},
{"op": "remove", "path": "/spec/rules/2"}]'
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/last --type=json -p '[
{"op": "test", "path": "/spec/rules/2/to", "value": "main"},
{"op": "remove", "path": "/spec/rules/2"}]'
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/added --type=json -p '[
{"op": "add", "path": "/spec/rules/0", "value": {"canary": true, "to": "next"}}]'
