kubectl patch -n $NAMESPACE deployment/ml-model --type=merge -p '{"spec":{"replicas":0}}'
