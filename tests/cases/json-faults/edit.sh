kubectl -n "$NAMESPACE" patch configmap good --type=merge -p '{"data": {"mode": "fast"}}'
