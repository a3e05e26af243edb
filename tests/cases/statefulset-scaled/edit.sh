kubectl scale -n $NAMESPACE statefulset/feature-store --replicas=2
