kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.active}'=1 job/once --timeout=60s
pod=$(kubectl -n "$NAMESPACE" get pod -l job-name=once -o name)
kubectl -n "$NAMESPACE" patch "$pod" --subresource=status --type=merge -p '{"status": {"phase": "Succeeded"}}'
kubectl -n "$NAMESPACE" wait --for=delete job/once --timeout=60s
