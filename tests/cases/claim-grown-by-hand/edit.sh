kubectl -n "$NAMESPACE" wait --for=jsonpath={.status.phase}=Bound pvc/data --timeout=60s
kubectl -n "$NAMESPACE" patch pvc data -p '{"spec": {"resources": {"requests": {"storage": "20480Mi"}}}}'
kubectl -n "$NAMESPACE" label pvc data grown=true
