kubectl -n "$NAMESPACE" patch configmap settings -p '{"data": {"mode": "fast"}}'
kubectl delete -f crd.yaml --timeout=60s
while kubectl get --raw "/apis/$CASE.example.com/v1" 2>/dev/null; do sleep 0.1; done
