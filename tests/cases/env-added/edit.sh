kubectl set env -n $NAMESPACE deployment/ml-model DEBUG=1
