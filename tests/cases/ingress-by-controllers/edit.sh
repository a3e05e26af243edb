kubectl -n "$NAMESPACE" patch ingress models --field-manager=nginx-ingress-controller --type=merge -p '{"metadata": {"annotations": {"nginx.example/reloaded": "2026-11-28T10:00:00Z"}}}'
kubectl -n "$NAMESPACE" patch ingress models --field-manager=nginx-ingress-controller --subresource=status --type=merge -p '{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}]}}}'
kubectl -n "$NAMESPACE" patch ingress models --field-manager=cert-manager-certificates --type=merge -p '{"metadata": {"annotations": {"cert-manager.io/common-name": "models.example"}}}'
kubectl -n "$NAMESPACE" patch ingress models --type=json -p '[{"op": "add", "path": "/spec/tls/0/hosts/-", "value": "old.example"}]'
