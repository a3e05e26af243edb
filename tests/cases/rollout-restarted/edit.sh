kubectl rollout restart -n $NAMESPACE deployment/ml-model
test -n "$(kubectl get -n $NAMESPACE deployment/ml-model -o jsonpath='{.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt}')"
