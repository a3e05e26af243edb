kubectl -n "$NAMESPACE" patch secret good -p '{"stringData": {"user": "canary-nut-66124"}}' 
