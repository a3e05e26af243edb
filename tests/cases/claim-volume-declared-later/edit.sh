kubectl -n "$NAMESPACE" wait --for=jsonpath={.status.phase}=Bound pvc/right pvc/wrong --timeout=60s
