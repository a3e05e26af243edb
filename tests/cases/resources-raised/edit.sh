kubectl set resources -n $NAMESPACE deployment/ml-model --requests=cpu=2
