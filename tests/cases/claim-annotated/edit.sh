kubectl wait -n $NAMESPACE --for=jsonpath={.status.phase}=Bound pvc/ml-model-data --timeout=60s
kubectl annotate -n $NAMESPACE pvc/ml-model-data team.example/owner=vision
