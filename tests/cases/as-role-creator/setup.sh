kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git
kubectl -n "$NAMESPACE" apply -f - <<END
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: account}
rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [get, list, watch, patch, create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: account}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: account}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: role-creator}
END
until kubectl auth can-i patch roles.rbac.authorization.k8s.io -n "$NAMESPACE" --as=role-creator >/dev/null; do sleep 0.1; done
