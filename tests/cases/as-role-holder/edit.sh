kubectl -n "$NAMESPACE" patch role reader --type=json -p '[{"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}]' 
