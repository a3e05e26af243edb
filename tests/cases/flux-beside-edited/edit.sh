kubectl -n "$NAMESPACE" set env deployment/web DEBUG=1
kubectl -n "$NAMESPACE" patch configmap settings -p '{"data": {"mode": "fast"}}'
