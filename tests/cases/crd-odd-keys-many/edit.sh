kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=json -p '[
{"op": "test", "path": "/spec/rules/3/weight", "value": 3}, {"op": "replace", "path": "/spec/rules/3/to", "value": "b"},
{"op": "test", "path": "/spec/rules/17/weight", "value": 17}, {"op": "remove", "path": "/spec/rules/17"}]'
