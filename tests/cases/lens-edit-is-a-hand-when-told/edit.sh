kubectl -n "$NAMESPACE" patch deployment web --field-manager=node-fetch --type=json -p '[
{"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "fast"},
{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "DEBUG", "value": "1"}}]'
