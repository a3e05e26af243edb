kubectl -n "$NAMESPACE" patch configmap settings -p '{"data": {"mode": "fast"}}'
kubectl -n "$NAMESPACE" patch secret login -p '{"stringData": {"user": "canary-nut-66123"}}' 
