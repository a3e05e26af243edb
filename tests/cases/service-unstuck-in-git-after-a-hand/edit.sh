kubectl -n "$NAMESPACE" patch service web -p '{"spec": {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}}}'
