kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"ports": [80, 8080]}}'
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/two --type=merge -p '{"spec": {"ports": [3, 2, 1]}}'
