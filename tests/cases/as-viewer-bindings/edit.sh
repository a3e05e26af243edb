kubectl -n "$NAMESPACE" patch rolebinding edited --type=json -p '[{"op": "add", "path": "/subjects/-", "value": {"kind": "User", "name": "eve", "apiGroup": "rbac.authorization.k8s.io"}}]'
