kubectl -n "$NAMESPACE" wait --for=jsonpath='{.data.token}' secret/runner-token --timeout=60s
