kubectl -n "$NAMESPACE" create --field-manager=terraform -f live.yaml
