kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/env/0", "value": {"name": "WORKERS", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}},
{"op": "add", "path": "/spec/template/spec/containers/0/envFrom/-", "value": {"secretRef": {"name": "debug", "optional": true}}}]'
