kubectl -n "$NAMESPACE" patch configmap settings --field-manager=operator --type=merge -p '{"data": {"moved": "second"}}'
