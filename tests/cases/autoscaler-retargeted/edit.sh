kubectl -n "$NAMESPACE" patch hpa web --type=merge -p '{"spec": {"scaleTargetRef": {"name": "b"}}}'
kubectl -n "$NAMESPACE" scale deployment a b --replicas=4
