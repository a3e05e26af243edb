kubectl -n "$NAMESPACE" patch deployment web --type=strategic -p '{"spec": {"replicas": 2, "template": {"metadata": {"labels": {"tier": "front"}},
  "spec": {"terminationGracePeriodSeconds": 5, "containers": [{"name": "main", "image": "registry.example/web:2.0", "env": [{"name": "MODE", "value": "fast"}]}]}}}}'
