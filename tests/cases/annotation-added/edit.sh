kubectl wait -n $NAMESPACE --for=condition=Progressing deployment/ml-model --timeout=60s
kubectl annotate -n $NAMESPACE deployment/ml-model team.example/on-call=alex
