kubectl -n "$NAMESPACE" patch secret login -p '{"metadata": {"labels": {"team": "ml"}}, "stringData": {"tls.key": "canary-nut-66122"}}' 
