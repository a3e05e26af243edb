kubectl -n "$NAMESPACE" patch configmap settings -p '{"metadata": {"labels": {"tier": "front"}}, "data": {"extra": "1"}}'
