kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "add", "path": "/spec/template/spec/containers/0", "value": {"name": "sidecar", "image": "registry.example/sidecar:1.0"}}]'
