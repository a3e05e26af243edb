kubectl -n "$NAMESPACE" patch job train --type=merge -p '{"spec": {"parallelism": 6}}'
