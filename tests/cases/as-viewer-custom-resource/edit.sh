kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/quiet --type=json -p '[{"op": "replace", "path": "/spec/tags", "value": ["c", "b", "a"]}]'
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/edited --type=json -p '[{"op": "replace", "path": "/spec/tags", "value": ["c", "b"]},
{"op": "test", "path": "/spec/ports/0/title", "value": "web"},
{"op": "remove", "path": "/spec/ports/0"}]'
