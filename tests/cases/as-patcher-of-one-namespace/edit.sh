kubectl -n "$NAMESPACE" patch configmap a --type=merge -p '{"data": {"mode": "fast"}}'
for name in b c d; do kubectl -n $CASE-two patch configmap $name --type=merge -p '{"data": {"mode": "fast"}}'; done
