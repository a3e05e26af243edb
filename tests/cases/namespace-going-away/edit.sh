kubectl delete namespace "$CASE-b" --wait=false
kubectl -n "$CASE-b" wait --for=jsonpath='{.metadata.deletionTimestamp}' configmap/held --timeout=60s
