kubectl -n "$NAMESPACE" patch daemonset agent -p '{"spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}}}'
