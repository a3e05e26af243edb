kubectl create configmap -n $NAMESPACE notes --from-literal=todo=nothing
kubectl create configmap -n $NAMESPACE serving-old --from-literal=mode=batch
