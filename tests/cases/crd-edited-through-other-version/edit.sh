kubectl -n "$NAMESPACE" patch widgets.v1.$CASE.example.com/one --type=merge -p '{"metadata": {"labels": {"team": "ml"}}, "spec": {"colour": "red", "shape": null}}'
