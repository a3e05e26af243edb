kubectl -n "$NAMESPACE" patch deployment web -p '
{"spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd", "zone": "a"}, "tolerations": [{"key": "gpu", "operator": "Exists"}],
"securityContext": {"runAsUser": 1000, "fsGroup": 2000},
"containers": [{"name": "main", "securityContext": {"readOnlyRootFilesystem": true, "runAsNonRoot": true}}]}}}}' 
