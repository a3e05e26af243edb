kubectl -n "$NAMESPACE" rollout undo deployment/web
kubectl -n "$NAMESPACE" rollout pause deployment/web
