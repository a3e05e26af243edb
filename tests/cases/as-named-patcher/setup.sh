kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git
kubectl -n "$NAMESPACE" create role look --verb=get,list,watch --resource=configmaps
kubectl -n "$NAMESPACE" create rolebinding look --role=look --user=named-patcher
kubectl -n "$NAMESPACE" create role account --verb=patch --resource=configmaps --resource-name=a
kubectl -n "$NAMESPACE" create rolebinding account --role=account --user=named-patcher
until kubectl auth can-i patch configmaps/a -n "$NAMESPACE" --as=named-patcher >/dev/null && kubectl auth can-i list configmaps -n "$NAMESPACE" --as=named-patcher >/dev/null; do sleep 0.1; done
