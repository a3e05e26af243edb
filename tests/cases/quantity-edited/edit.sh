kubectl -n "$NAMESPACE" patch resourcequota team --type=merge -p '
{"spec": {"hard": {"requests.cpu": "8", "requests.memory": "3Gi", "pods": "20"}}}' 
