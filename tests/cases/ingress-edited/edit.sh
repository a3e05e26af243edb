kubectl -n "$NAMESPACE" patch ingress web --type=json -p '[
{"op": "replace", "path": "/spec/rules/0/host", "value": "www.example.com"},
{"op": "add", "path": "/spec/tls", "value": [{"hosts": ["www.example.com"], "secretName": "tls"}]}]' 
