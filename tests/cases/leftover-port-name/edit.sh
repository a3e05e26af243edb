kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "replace", "path": "/spec/template/spec/containers/0/ports", "value": [
{"containerPort": 8080, "name": "old"}, {"containerPort": 9090, "name": "http"}]}]' 
