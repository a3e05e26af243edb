kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "2"},
{"op": "replace", "path": "/spec/template/spec/containers/0/env/1/value", "value": "fast"},
{"op": "add", "path": "/spec/template/spec/containers/0/env/0", "value": {"name": "DEBUG", "value": "1"}}]'
