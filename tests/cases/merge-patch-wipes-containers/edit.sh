kubectl -n "$NAMESPACE" patch deployment web --type=merge -p '{"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "registry.example/web:2.0"}]}}}}'
