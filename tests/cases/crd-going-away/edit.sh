kubectl -n "$NAMESPACE" patch part held --type=merge -p '{"metadata": {"finalizers": ["example.com/held"]}}'
kubectl delete crd parts.crd-going-away.example --wait=false
kubectl -n "$NAMESPACE" wait --for=delete part/wanted --timeout=60s
