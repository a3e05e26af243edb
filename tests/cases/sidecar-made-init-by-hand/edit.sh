kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "remove", "path": "/spec/template/spec/initContainers/0/restartPolicy"}, {"op": "replace", "path": "/spec/template/spec/initContainers/0/volumeMounts/0", "value": {"name": "s", "mountPath": "/run/sock", "readOnly": true}},
{"op": "replace", "path": "/spec/template/spec/initContainers/1/command", "value": ["true"]}]'
