kubectl wait -n $NAMESPACE --for=jsonpath={.status.phase}=Bound pvc/ml-model-data --timeout=60s
