kubectl -n "$NAMESPACE" wait --for=create serviceaccount/default --timeout=60s
kubectl -n "$NAMESPACE" create -f git
