for name in a one; do kubectl -n "$NAMESPACE" patch configmap $name --type=merge -p '{"data": {"mode": "fast"}}'; done
