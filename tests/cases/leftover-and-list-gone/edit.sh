kubectl -n "$NAMESPACE" patch deployment web -p '{"spec": {"strategy": {"type": "RollingUpdate"}}}'
kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "remove", "path": "/spec/template/spec/containers/0/env"}, {"op": "remove", "path": "/metadata/labels"}]'
