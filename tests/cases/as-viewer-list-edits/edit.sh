kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "remove", "path": "/spec/template/spec/containers/0/env/1"},
{"op": "replace", "path": "/spec/template/spec/containers/1/ports/0", "value": {"containerPort": 91, "name": "z", "protocol": "TCP"}}]'
kubectl -n "$NAMESPACE" patch service web --type=json -p '[{"op": "remove", "path": "/spec/ports/0"}]'
