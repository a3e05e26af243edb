kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "move", "from": "/spec/template/spec/initContainers/1", "path": "/spec/template/spec/initContainers/0"},
{"op": "replace", "path": "/spec/template/spec/initContainers/0/image", "value": "registry.example/migrate:2.0"}]' 
