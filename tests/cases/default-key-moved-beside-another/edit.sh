kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/ports/0/protocol", "value": "UDP"}]'
