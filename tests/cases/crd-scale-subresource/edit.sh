kubectl -n "$NAMESPACE" scale widgets.$CASE.example.com/told widgets.$CASE.example.com/held --replicas=4
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/open --type=merge -p '{"spec": {"replicas": 3}}'
