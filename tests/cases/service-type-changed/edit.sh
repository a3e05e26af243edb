kubectl -n "$NAMESPACE" patch service web -p '{"spec": {"type": "NodePort"}}' 
