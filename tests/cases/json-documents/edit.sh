for name in two four; do
    kubectl -n "$NAMESPACE" patch configmap $name -p '{"data": {"mode": "fast"}}'
done
