kubectl -n "$NAMESPACE" patch deployment web -p '{"metadata": {"labels": {"team": "ml"}}, "spec": {"replicas": 5}}' 
