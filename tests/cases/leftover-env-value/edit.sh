kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "replace", "path": "/spec/template/spec/containers/0/env/1", "value": {"name": "TOKEN", "value": "letmein"}}]' 
