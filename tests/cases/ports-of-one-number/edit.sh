kubectl -n "$NAMESPACE" patch service dns --type=json -p '[{"op": "replace", "path": "/spec/ports/1/targetPort", "value": 5354}]' 
