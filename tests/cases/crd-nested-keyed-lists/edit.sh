kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=json -p '[
{"op": "test", "path": "/spec/groups/0/rules/0/to", "value": "main"},
{"op": "replace", "path": "/spec/groups/0/rules/0/to", "value": "MAIN"},
{"op": "remove", "path": "/spec/groups/0/rules/2"},
{"op": "add", "path": "/spec/groups/1/rules/-", "value": {"weight": 7, "canary": true, "to": "x"}}]'
