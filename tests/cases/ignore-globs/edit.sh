kubectl -n "$NAMESPACE" scale deployment job-a job-b web --replicas=4
kubectl -n "$NAMESPACE" patch configmap web --type=merge -p '{"data": {"mode": "fast"}}'
