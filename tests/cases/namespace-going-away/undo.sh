kubectl -n "$CASE-b" patch configmap held --type=merge -p '{"metadata": {"finalizers": null}}'
kubectl wait --for=delete "namespace/$CASE-b" --timeout=120s
kubectl create namespace "$CASE-b"
