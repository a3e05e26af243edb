kubectl -n "$NAMESPACE" patch deployment web -p '{"spec": {"template": {"spec": {"volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "1024Mi"}}], "containers": [{"name": "main", "resources": {"limits": {"memory": "2000M", "cpu": "1500m", "ephemeral-storage": "1G"}}}]}}}}'
kubectl -n "$NAMESPACE" label hpa web x=y
kubectl -n "$NAMESPACE" annotate pvc data note=1
