kubectl delete -n $NAMESPACE deployment/ml-model --wait --timeout=60s
