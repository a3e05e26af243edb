kubectl delete namespace $CASE-two --wait=false
kubectl -n $CASE-two wait --for=jsonpath='{.metadata.deletionTimestamp}' configmap/held --timeout=60s
