kubectl -n "$NAMESPACE" patch configmap a --type=merge -p '{"metadata": {"labels": {"team": "ops"}}, "data": {"mode": "fast", "more": "x", "level": null}}'
kubectl -n "$NAMESPACE" patch configmap a --type=json -p '[{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]'
