kubectl apply --server-side --field-manager=holdfast -f git/crd.yaml
until kubectl wait --for=condition=Established crd/widgets.$CASE.example.com --timeout=60s; do sleep 0.1; done
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/widget.yaml
kubectl create clusterrole "$CASE-viewer" --verb=get,list,watch --resource='*.*' --dry-run=client -o yaml | kubectl apply -f -
kubectl create clusterrolebinding "$CASE-viewer" --clusterrole="$CASE-viewer" --user=look-only-zero --dry-run=client -o yaml | kubectl apply -f -
until kubectl auth can-i list widgets.$CASE.example.com -n "$NAMESPACE" --as=look-only-zero >/dev/null; do sleep 0.1; done
