kubectl -n "$NAMESPACE" patch serviceaccount runner --type=json -p '[{"op": "replace", "path": "/secrets", "value": [{"name": "three"}, {"name": "one"}]}]'
