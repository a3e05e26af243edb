kubectl -n "$NAMESPACE" patch deployment web -p '{"spec": {"strategy": {"type": "RollingUpdate"}}}' 
