kubectl patch -n $NAMESPACE hpa/ml-model --type=merge -p '{"spec":{"maxReplicas":50}}'
