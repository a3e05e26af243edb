# in a later second than the commits: what a hand does must not count as an apply of ours
second=$(date +%s)
until [ "$(date +%s)" -gt "$second" ]; do sleep 0.05; done
kubectl set env -n "$NAMESPACE" deployment/web LOG_LEVEL-
