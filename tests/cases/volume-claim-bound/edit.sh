kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.phase}'=Bound pvc/data --timeout=60s
