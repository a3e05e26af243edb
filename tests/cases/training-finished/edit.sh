kubectl wait -n $NAMESPACE --for=jsonpath={.status.phase}=Bound pvc/ml-model-data --timeout=60s
kubectl patch -n $NAMESPACE pod/training --subresource=status --type=merge -p '{"status":{"phase":"Succeeded","reason":"Completed"}}'
kubectl wait -n $NAMESPACE --for=jsonpath={.status.phase}=Succeeded pod/training --timeout=60s
