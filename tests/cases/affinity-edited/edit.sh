kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "add", "path": "/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/values/-", "value": "c"}]'
