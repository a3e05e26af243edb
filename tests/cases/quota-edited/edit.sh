kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.hard.configmaps}'=20 resourcequota/team --timeout=60s
kubectl -n "$NAMESPACE" patch resourcequota team --type=merge -p '{"spec": {"hard": {"requests.cpu": "8", "pods": "5"}}}'
