for name in narrow wide; do
    kubectl -n "$NAMESPACE" patch configmap $name -p '{"data": {"mode": "fast"}}'
done
