kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=json -p '[{"op": "test", "path": "/spec/rules/1/weight", "value": 5}, {"op": "remove", "path": "/spec/rules/0"}]'
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/two --type=json -p '[{"op": "test", "path": "/spec/rules/1/weight", "value": 5}, {"op": "remove", "path": "/spec/rules/1"}]'
