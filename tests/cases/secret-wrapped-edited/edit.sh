kubectl -n "$NAMESPACE" patch secret key -p '{"stringData": {"user": "canary-nut-66126", "more": "canary-nut-66127"}}' 
