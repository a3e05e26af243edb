kubectl -n "$NAMESPACE" patch limitrange sizes --type=json -p '[{"op": "replace", "path": "/spec/limits/0/default/cpu", "value": "250m"}]'
