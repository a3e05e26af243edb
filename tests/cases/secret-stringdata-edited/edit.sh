kubectl -n "$NAMESPACE" patch secret login -p '{"data": {"token": null}, "stringData": {"password": "canary-nut-66121"}}' 
