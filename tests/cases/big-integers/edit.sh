kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"serial": 9007199254740992}}' 
