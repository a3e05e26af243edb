kubectl -n "$NAMESPACE" create --field-manager=helm -f live.yaml
