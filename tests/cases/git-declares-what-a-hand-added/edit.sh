kubectl -n "$NAMESPACE" patch configmap settings -p '{"data": {"level": "5", "size": "7"}}' 
