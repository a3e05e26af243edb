kubectl -n "$NAMESPACE" scale statefulset web --replicas=3
kubectl -n "$NAMESPACE" patch scaledobject web --type=merge -p '{"spec": {"maxReplicaCount": 40}}'
