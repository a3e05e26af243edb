kubectl create namespace $CASE-two
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/all.yaml
kubectl apply -n "$CASE-two" --server-side --field-manager=holdfast --force-conflicts -f git/two.yaml
kubectl create clusterrole "$CASE-look" --verb=get,list,watch --resource=configmaps
kubectl create clusterrolebinding "$CASE-look" --clusterrole="$CASE-look" --user=patcher-of-one
kubectl -n "$NAMESPACE" create role account --verb=patch,create --resource=configmaps
kubectl -n "$NAMESPACE" create rolebinding account --role=account --user=patcher-of-one
until kubectl auth can-i patch configmaps -n "$NAMESPACE" --as=patcher-of-one >/dev/null && kubectl auth can-i list configmaps --as=patcher-of-one >/dev/null; do sleep 0.1; done
