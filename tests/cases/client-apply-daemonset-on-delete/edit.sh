kubectl -n "$NAMESPACE" patch daemonset agent -p '{"spec": {"updateStrategy": {"type": "OnDelete"}}}'
kubectl -n "$NAMESPACE" patch statefulset db -p '{"spec": {"updateStrategy": {"$retainKeys": ["type"], "type": "OnDelete"}}}'
