kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '
{"spec": {"settings": {"nested": {"level": 2, "more": "yes"}, "steps": ["fetch", "build", "push"]}}}' 
