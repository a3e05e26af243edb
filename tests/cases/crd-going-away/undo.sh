kubectl -n "$NAMESPACE" patch part held --type=merge -p '{"metadata": {"finalizers": null}}'
kubectl wait --for=delete crd/parts.crd-going-away.example --timeout=60s
