kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "MODE", "value": "fast"}}]'
