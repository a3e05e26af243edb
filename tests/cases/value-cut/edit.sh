long=$(printf 'safe %.0s' $(seq 999))fast
kubectl -n "$NAMESPACE" patch configmap texts --type=merge -p '{"data": {"long": "'"$long"'"}}' 
