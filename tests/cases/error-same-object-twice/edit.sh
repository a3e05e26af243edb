kubectl -n "$NAMESPACE" patch configmap good --type=merge -p '{"data": {"mode": "fast"}}' 
kubectl -n "$NAMESPACE" patch configmap both --type=merge -p '{"data": {"mode": "fast"}}' 
