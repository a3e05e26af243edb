kubectl -n "$NAMESPACE" patch deployment web -p '{"spec": {"strategy": {"rollingUpdate": {"maxSurge": 3}}}}'
