for name in two four; do
    kubectl -n "$NAMESPACE" patch configmap $name --type=merge -p '{"data": {"mode": "fast"}}'
done
