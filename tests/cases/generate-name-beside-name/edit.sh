kubectl -n "$NAMESPACE" patch configmap web-x7k2p --type=merge -p '{"data": {"mode": "fast"}}'
