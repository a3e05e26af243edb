kubectl -n "$NAMESPACE" patch secret login --type=merge -p '{"stringData": {"old": "canary-fig-55402"}}'
