kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {
"made": {"metadata": {"labels": {"tier": "front"}}, "status": {"phase": "other"}},
"other": {"metadata": {"labels": {"team.example/name": "ml"}}}}}'
