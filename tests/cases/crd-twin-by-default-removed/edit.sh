kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=json -p '[
{"op": "test", "path": "/spec/ports/0/title", "value": "web"},
{"op": "remove", "path": "/spec/ports/0"}]'
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/two --type=json -p '[
{"op": "test", "path": "/spec/ports/1/title", "value": "dns"},
{"op": "remove", "path": "/spec/ports/1"}]'
kubectl -n "$NAMESPACE" patch service/three --type=json -p '[
{"op": "test", "path": "/spec/ports/0/name", "value": "a"},
{"op": "remove", "path": "/spec/ports/0"}]'
