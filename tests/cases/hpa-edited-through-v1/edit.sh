kubectl -n "$NAMESPACE" patch horizontalpodautoscalers.v1.autoscaling/web --type=merge -p '{"spec": {"targetCPUUtilizationPercentage": 90}}'
