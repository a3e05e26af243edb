kubectl -n "$NAMESPACE" patch configmap settings --type=json -p '[{"op": "remove", "path": "/metadata/finalizers/0"}]'
kubectl -n "$NAMESPACE" patch configmap settings --field-manager=model-operator --type=merge -p '{"metadata": {"finalizers": ["team.example/operator"]}}'
