kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"both": {"b": 9, "d": 9}, "before": {"b": "x"}, "after": {"c": "y"}, "deeper": {"x": {"w": 9}}}}'
