kubectl -n "$NAMESPACE" patch pod train --type=json -p '[{"op": "remove", "path": "/spec/schedulingGates/0"}]'
