kubectl -n "$NAMESPACE" patch service/one --type=json -p '[
{"op": "test", "path": "/spec/ports/0/name", "value": "a"},
{"op": "remove", "path": "/spec/ports/0"}]'
kubectl -n "$NAMESPACE" patch service/two --type=json -p '[
{"op": "test", "path": "/spec/ports/1/name", "value": "b"},
{"op": "remove", "path": "/spec/ports/1"}]'
kubectl -n "$NAMESPACE" patch service/three --type=json -p '[
{"op": "test", "path": "/spec/ports/0/name", "value": "a"},
{"op": "remove", "path": "/spec/ports/0"}]'
