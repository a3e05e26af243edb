kubectl -n "$NAMESPACE" patch resourcequota team --type=merge -p '{"spec": {"hard": {"requests.nvidia.com/gpu": "16", "count/secrets": null, "limits.cpu": "9", "requests.cpu": "4"}}}'
