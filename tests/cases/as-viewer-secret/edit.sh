kubectl -n "$NAMESPACE" patch secret login -p '{"stringData": {"password": "canary-nut-66125"}}' 
