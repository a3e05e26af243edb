kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/env", "value": [{"name": "HOST", "value": "db"}, {"name": "DEBUG", "value": "1"},
{"name": "PORT", "value": "5432"}, {"name": "URL", "value": "$(HOST):$(PORT)"}]}]' 
