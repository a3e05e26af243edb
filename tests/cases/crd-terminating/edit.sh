kubectl delete crd widgets.$CASE.example.com --wait=false
kubectl -n "$NAMESPACE" wait --for=jsonpath='{.metadata.deletionTimestamp}' widgets.$CASE.example.com/held --timeout=60s
