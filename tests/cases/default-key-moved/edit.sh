kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=json -p '[{"op": "replace", "path": "/spec/rules/0/weight", "value": 5}]'
kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/ports/0/protocol", "value": "UDP"}]'
