kubectl -n "$NAMESPACE" apply -f git
kubectl -n "$NAMESPACE" apply -f git.2
test -z "$(kubectl -n "$NAMESPACE" get configmap settings -o jsonpath='{.data.old}')"
