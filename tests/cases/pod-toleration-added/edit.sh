kubectl -n "$NAMESPACE" patch pod train --type=json -p '[{"op": "add", "path": "/spec/tolerations/-", "value": {"key": "spot", "operator": "Exists"}}]'
kubectl -n "$NAMESPACE" label pod calm x=y
