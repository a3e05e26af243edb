for name in a 12; do kubectl -n "$NAMESPACE" patch configmap $name --type=merge -p '{"data": {"mode": "fast"}}'; done
