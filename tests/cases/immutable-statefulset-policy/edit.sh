kubectl -n "$NAMESPACE" scale statefulset db --replicas=1
kubectl -n "$NAMESPACE" patch statefulset db -p '{"spec": {"template": {"metadata": {"labels": {"tier": "x"}}}}}'
