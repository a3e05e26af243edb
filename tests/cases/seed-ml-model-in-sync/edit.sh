kubectl wait -n $NAMESPACE --for=condition=Progressing deployment/ml-model --timeout=60s
