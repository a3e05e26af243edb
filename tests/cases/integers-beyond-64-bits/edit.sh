kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"mode": "fast", "seen": 10000000000000000000}}'
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/two --type=merge --field-manager=counter -p '{"spec": {"seen": 10000000000000000000}}'
