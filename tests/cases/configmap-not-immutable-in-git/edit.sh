kubectl -n "$NAMESPACE" patch configmap settings --type=merge -p '{"immutable": true}'
