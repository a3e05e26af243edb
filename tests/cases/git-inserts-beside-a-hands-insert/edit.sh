kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "add", "path": "/spec/template/spec/containers/0/env/0", "value": {"name": "X", "value": "0"}}]'
