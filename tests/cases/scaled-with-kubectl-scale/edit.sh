kubectl scale -n $NAMESPACE deployment/ml-model --replicas=3
