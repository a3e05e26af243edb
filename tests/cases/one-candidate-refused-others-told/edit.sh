kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "DEBUG", "value": "1"}}, {"op": "add", "path": "/spec/minReadySeconds", "value": 30},
{"op": "replace", "path": "/spec/template/spec/containers/0/livenessProbe", "value": {"tcpSocket": {"port": 8080}, "failureThreshold": 30}}]'
kubectl -n "$NAMESPACE" label deployment web team=night
