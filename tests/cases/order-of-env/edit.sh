kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/env", "value": [
{"name": "URL", "value": "$(HOST):$(PORT)"}, {"name": "HOST", "value": "db"}, {"name": "PORT", "value": "5432"}]}]' 
