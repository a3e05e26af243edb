kubectl -n "$NAMESPACE" patch job waiting -p '{"spec": {"suspend": false}}'
kubectl -n "$NAMESPACE" wait --for=jsonpath={.status.active}=1 job/waiting --timeout=60s
kubectl -n "$NAMESPACE" patch job indexed -p '{"spec": {"completions": 4, "parallelism": 4}}'
