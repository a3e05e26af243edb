kubectl wait -n $NAMESPACE --for=jsonpath={.status.phase}=Bound pvc/ml-model-data --timeout=60s
kubectl get -n $NAMESPACE pod/training -o jsonpath='{.spec.volumes[*].name}' | grep -q kube-api-access
