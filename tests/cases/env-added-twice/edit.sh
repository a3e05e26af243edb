for _ in 1 2; do
  kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
  {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "LD_PRELOAD", "value": "/x.so"}}]'
done
