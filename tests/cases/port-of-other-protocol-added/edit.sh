kubectl -n "$NAMESPACE" patch service web --type=json -p '[
{"op": "add", "path": "/spec/ports/-", "value": {"name": "quic", "port": 443, "protocol": "UDP", "targetPort": 8443}}]'
kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "add", "path": "/spec/template/spec/containers/0/ports/-", "value": {"name": "quic", "containerPort": 8443, "protocol": "UDP"}}]'
