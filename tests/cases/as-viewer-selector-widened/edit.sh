kubectl -n "$NAMESPACE" patch service web --type=merge -p '{"spec": {"selector": {"track": "canary"}}}'
kubectl -n "$NAMESPACE" patch deployment web --type=merge -p '{"spec": {"template": {"spec": {"nodeSelector": {"gpu": "a100"}}}}}'
