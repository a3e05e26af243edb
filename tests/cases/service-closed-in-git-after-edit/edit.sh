kubectl -n "$NAMESPACE" patch service lb --type=json -p '[{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 8081}]'
