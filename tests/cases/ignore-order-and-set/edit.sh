kubectl -n "$NAMESPACE" patch configmap settings --type=merge -p '{"metadata": {"finalizers": ["team.example/a", "team.example/b"]}}'
kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
  {"op": "move", "from": "/spec/template/spec/containers/0/env/2", "path": "/spec/template/spec/containers/0/env/0"}]'
