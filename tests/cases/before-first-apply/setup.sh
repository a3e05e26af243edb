kubectl -n "$NAMESPACE" create configmap a --from-literal=mode=safe --from-literal=more=x
kubectl -n "$NAMESPACE" patch configmap a --type=json -p '[{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]'
kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast --force-conflicts -f git
