kubectl -n "$NAMESPACE" patch secret login --type=merge -p '{"stringData": {"token": "second", "user": "nobody"}}'
