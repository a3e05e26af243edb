kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git
kubectl create clusterrole "$CASE-viewer" --verb=get,list,watch --resource='*.*' --dry-run=client -o yaml | kubectl apply -f -
kubectl create clusterrolebinding "$CASE-viewer" --clusterrole="$CASE-viewer" --user=look-only-turned --dry-run=client -o yaml | kubectl apply -f -
until kubectl auth can-i list services -n "$NAMESPACE" --as=look-only-turned >/dev/null; do sleep 0.1; done
