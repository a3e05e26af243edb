kubectl -n "$NAMESPACE" patch deployment web -p '{"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 0}}}}' 
