kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=json -p '[
{"op": "replace", "path": "/spec/ports/0/title", "value": "www"},
{"op": "replace", "path": "/spec/ports/1", "value": {"port": 9090, "protocol": "TCP", "title": "metrics"}}]' 
