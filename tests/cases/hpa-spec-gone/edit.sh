kubectl -n "$NAMESPACE" wait --for=jsonpath='{.spec.replicas}'=3 deployment/web --timeout=60s
