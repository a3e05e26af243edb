kubectl -n "$NAMESPACE" patch service lb --type=merge -p '{"spec": {"type": "ClusterIP", "loadBalancerSourceRanges": null, "publishNotReadyAddresses": false}}'
kubectl -n "$NAMESPACE" patch service lb -p '{"spec": {"ports": [{"name": "debug", "port": 6060}]}}'
kubectl -n "$NAMESPACE" patch service lb --type=json -p '[{"op": "remove", "path": "/spec/ports/0"}]'
test "$(kubectl -n "$NAMESPACE" get service lb -o jsonpath='{.spec.ports[*].name}')" = http
