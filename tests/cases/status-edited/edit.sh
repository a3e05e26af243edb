kubectl -n "$NAMESPACE" patch service web --subresource=status --type=merge -p '{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}'
kubectl -n "$NAMESPACE" patch deployment web --subresource=status --type=merge -p '{"status": {"conditions": [
{"type": "ByHand", "status": "True", "reason": "Test", "message": "by hand"}]}}' 
