kubectl -n "$NAMESPACE" patch ingress web --type=json -p '[{"op": "replace", "path": "/spec/ingressClassName", "value": "traefik"}, {"op": "replace", "path": "/spec/rules/0/http/paths/0/backend/service/port", "value": {"name": "http"}}, {"op": "add", "path": "/spec/defaultBackend", "value": {"service": {"name": "sorry", "port": {"number": 80}}}}]'
kubectl -n "$NAMESPACE" annotate ingress web --overwrite nginx.ingress.kubernetes.io/proxy-body-size=0 nginx.ingress.kubernetes.io/ssl-redirect- nginx.ingress.kubernetes.io/configuration-snippet='more_set_headers "X: y";
'
