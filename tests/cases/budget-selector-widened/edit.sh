kubectl -n "$NAMESPACE" patch pdb web --type=merge -p '{"spec": {"selector": {"matchLabels": {"tier": "front"}}}}'
