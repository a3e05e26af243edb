kubectl -n "$NAMESPACE" patch configmap settings --type=json -p '[{"op": "add", "path": "/metadata/finalizers/-", "value": "team.example/hold"}]' 
