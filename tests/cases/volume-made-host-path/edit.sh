kubectl -n "$NAMESPACE" patch deployment trainer --type=json -p '[{"op": "replace", "path": "/spec/template/spec/volumes/0", "value": {"name": "scratch", "hostPath": {"path": "/mnt/nvme"}}}]'
