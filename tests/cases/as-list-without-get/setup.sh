kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git
kubectl create clusterrole "$CASE-account" --verb=list,watch --resource=configmaps
kubectl create clusterrolebinding "$CASE-account" --clusterrole="$CASE-account" --user=list-without-get
until kubectl auth can-i list configmaps -n "$NAMESPACE" --as=list-without-get >/dev/null; do sleep 0.1; done
