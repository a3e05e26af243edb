kubectl -n "$NAMESPACE" patch hpa web --type=json -p '[
{"op": "replace", "path": "/spec/behavior/scaleDown/stabilizationWindowSeconds", "value": 60},
{"op": "replace", "path": "/spec/metrics/0/resource/target/averageUtilization", "value": 80}]' 
