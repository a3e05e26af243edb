kubectl -n "$NAMESPACE" wait --for=jsonpath={.status.phase}=Bound pvc/data --timeout=60s
kubectl delete pv volume-in-use-deleted-pv --wait=false
