kubectl scale -n $NAMESPACE deployment/ml-model --replicas=5
kubectl label -n $NAMESPACE deployment/ml-model --overwrite team=search
kubectl scale -n $NAMESPACE deployment/ml-model --replicas=1
kubectl label -n $NAMESPACE deployment/ml-model --overwrite team=vision
