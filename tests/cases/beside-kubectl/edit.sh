kubectl -n "$NAMESPACE" scale deployment web --replicas=3
kubectl -n "$NAMESPACE" label deployment web new=yes
