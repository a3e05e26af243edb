kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=json -p '[
{"op": "replace", "path": "/spec/colour", "value": null},
{"op": "replace", "path": "/spec/mode", "value": null},
{"op": "add", "path": "/spec/shape", "value": null}]'
