kubectl -n "$NAMESPACE" patch pod model --subresource=resize -p '{"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "2"}}}]}}'
