kubectl -n "$NAMESPACE" patch service open -p '{"spec": {"sessionAffinity": "ClientIP", "ports": [{"port": 80, "targetPort": 9000}]}}'
kubectl -n "$NAMESPACE" patch service said -p '{"spec": {"sessionAffinity": "ClientIP"}}'
