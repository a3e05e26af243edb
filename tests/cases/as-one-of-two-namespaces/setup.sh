kubectl create namespace $CASE-two
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/all.yaml
kubectl apply -n "$CASE-two" --server-side --field-manager=holdfast -f git/two.yaml
kubectl -n "$NAMESPACE" create role account --verb=get,list,watch,patch,create --resource=configmaps
kubectl -n "$NAMESPACE" create rolebinding account --role=account --user=one-of-two
until kubectl auth can-i patch configmaps -n "$NAMESPACE" --as=one-of-two >/dev/null; do sleep 0.1; done
