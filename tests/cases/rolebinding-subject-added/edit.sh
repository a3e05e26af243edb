kubectl -n "$NAMESPACE" patch rolebinding readers --type=json -p '[{"op": "add", "path": "/subjects/-", "value": {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}}]'
