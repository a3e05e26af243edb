for name in from-yml from-json from-yaml; do
    kubectl -n "$NAMESPACE" patch configmap $name --type=merge -p '{"data": {"mode": "fast"}}'
done
