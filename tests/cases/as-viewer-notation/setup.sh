kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/crd.yaml
until kubectl wait --for=condition=Established crd/widgets.$CASE.example.com --timeout=60s; do sleep 0.1; done
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/widget.yaml -f git/quota.yaml
kubectl create clusterrole "$CASE-viewer" --verb=get,list,watch --resource='*.*' --dry-run=client -o yaml | kubectl apply -f -
kubectl create clusterrolebinding "$CASE-viewer" --clusterrole="$CASE-viewer" --user=look-only-reader --dry-run=client -o yaml | kubectl apply -f -
until kubectl auth can-i list deployments.apps -n "$NAMESPACE" --as=look-only-reader >/dev/null; do sleep 0.1; done
