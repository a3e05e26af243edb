kubectl -n "$NAMESPACE" set env deployment/web EMPTY=1 FULL= BARE=2
kubectl -n "$NAMESPACE" patch deployment web -p '{"spec": {"template": {"spec": {"containers": [{"name": "main", "args": ["--a"], "workingDir": "/w"}]}}}}'
