sed s/2.0/1.0/ git/web.yaml | kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f -
kubectl -n "$NAMESPACE" wait --for='jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}=1' deployment/web --timeout=60s
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git
kubectl -n "$NAMESPACE" wait --for='jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}=2' deployment/web --timeout=60s
