kubectl label -n $NAMESPACE deployment/ml-model team-
