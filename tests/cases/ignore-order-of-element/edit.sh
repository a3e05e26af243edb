kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
  {"op": "move", "from": "/spec/template/spec/containers/0/env/2", "path": "/spec/template/spec/containers/0/env/0"}]'
