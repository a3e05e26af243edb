kubectl -n "$NAMESPACE" patch secret login -p '{"data": {"password": "Y2FuYXJ5LW51dC02NjEyMA=="}}' 
