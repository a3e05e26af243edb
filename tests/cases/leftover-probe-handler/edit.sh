kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "remove", "path": "/spec/template/spec/containers/0/livenessProbe/httpGet"},
{"op": "add", "path": "/spec/template/spec/containers/0/livenessProbe/tcpSocket", "value": {"port": 8080}}]' 
