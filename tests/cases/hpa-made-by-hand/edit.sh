kubectl -n "$NAMESPACE" autoscale statefulset db --min=4 --max=6
kubectl -n "$NAMESPACE" wait --for=jsonpath='{.spec.replicas}'=4 statefulset/db --timeout=60s
