kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "add", "path": "/spec/template/spec/volumes/0/projected/sources/-", "value": {"secret": {"name": "token"}}},
{"op": "replace", "path": "/spec/template/spec/containers/0/env/1/valueFrom/resourceFieldRef/divisor", "value": "1Ki"}]'
