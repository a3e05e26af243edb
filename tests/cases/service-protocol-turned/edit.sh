kubectl -n "$NAMESPACE" patch service web --type=json -p '[{"op": "replace", "path": "/spec/ports/0/protocol", "value": "UDP"}]'
