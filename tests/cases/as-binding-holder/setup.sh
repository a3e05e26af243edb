kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git
kubectl -n "$NAMESPACE" create role account --verb=get,list,watch,patch,create --resource=rolebindings.rbac.authorization.k8s.io
kubectl -n "$NAMESPACE" create rolebinding account --role=account --user=binding-holder
until kubectl auth can-i patch rolebindings.rbac.authorization.k8s.io -n "$NAMESPACE" --as=binding-holder >/dev/null; do sleep 0.1; done
