kubectl -n "$NAMESPACE" patch rolebinding admins --type=json -p '[{"op": "replace", "path": "/subjects/0/name", "value": "everybody"}]'
