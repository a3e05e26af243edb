kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git
kubectl create clusterrole "$CASE-viewer" --verb=get,list,watch --resource='*.*' --dry-run=client -o yaml | kubectl apply -f -
kubectl create clusterrolebinding "$CASE-viewer" --clusterrole="$CASE-viewer" --user="$CASE" --dry-run=client -o yaml | kubectl apply -f -
until kubectl auth can-i list deployments.apps -n "$NAMESPACE" --as="$CASE" >/dev/null; do sleep 0.1; done
