kubectl set env -n $NAMESPACE deployment/ml-model LOG_LEVEL-
