kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/env", "value": [
{"name": "C", "value": "3"}, {"name": "X", "value": "9"}, {"name": "A", "value": "one"}, {"name": "D", "value": "4"}]}]' 
