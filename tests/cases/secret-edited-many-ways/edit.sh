kubectl -n "$NAMESPACE" patch secret login --type=json -p '[
{"op": "move", "from": "/data/user", "path": "/data/login"},
{"op": "replace", "path": "/metadata/labels/team", "value": "ops"},
{"op": "add", "path": "/metadata/annotations", "value": {"note": "moved"}}]'
