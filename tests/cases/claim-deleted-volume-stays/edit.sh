kubectl -n "$NAMESPACE" wait --for=jsonpath={.status.phase}=Bound pvc/data --timeout=60s
kubectl -n "$NAMESPACE" delete pvc data --timeout=60s
kubectl wait --for=jsonpath={.status.phase}=Released "pv/$CASE-pv" --timeout=60s
