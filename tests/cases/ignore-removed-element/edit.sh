kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
  {"op": "remove", "path": "/spec/template/spec/containers/1"}, {"op": "remove", "path": "/spec/template/spec/containers/0/env/0"}]'
