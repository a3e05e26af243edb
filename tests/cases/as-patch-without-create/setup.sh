kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git
kubectl -n "$NAMESPACE" create role account --verb=get,list,watch,patch --resource=configmaps
kubectl -n "$NAMESPACE" create rolebinding account --role=account --user=patch-without-create
until kubectl auth can-i patch configmaps -n "$NAMESPACE" --as=patch-without-create >/dev/null; do sleep 0.1; done
