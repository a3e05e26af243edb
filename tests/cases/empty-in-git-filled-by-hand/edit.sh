kubectl -n "$NAMESPACE" patch deployment web -p '{"spec": {"template": {"spec": {"nodeSelector": {"gpu": "a100"}, "tolerations": [{"key": "gpu", "operator": "Exists"}], "volumes": [{"name": "v", "emptyDir": {}}],
"containers": [{"name": "main", "command": ["sleep", "infinity"], "env": [{"name": "X", "value": "1"}], "resources": {"limits": {"cpu": "1000m"}}}]}}}}'
kubectl -n "$NAMESPACE" annotate deployment web note=hi
