kubectl -n "$NAMESPACE" set env deployment/web -c side A=2 DEBUG=1
kubectl -n "$NAMESPACE" patch deployment web -p '{"spec": {"template": {"spec": {"volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "2Gi"}}]}}}}'
