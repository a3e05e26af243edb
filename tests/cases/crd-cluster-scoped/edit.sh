kubectl patch pools.$CASE.example.com "$CASE-one" --type=merge -p '{"spec": {"nodes": 9}}'
kubectl delete pools.$CASE.example.com "$CASE-two"
