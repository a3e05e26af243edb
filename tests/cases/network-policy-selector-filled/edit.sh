kubectl -n "$NAMESPACE" patch networkpolicy closed --type=merge -p '{"spec": {"podSelector": {"matchLabels": {"app": "one"}}, "policyTypes": ["Ingress", "Egress"], "egress": [{}]}}'
kubectl -n "$NAMESPACE" patch networkpolicy some --type=json -p '[{"op": "remove", "path": "/spec/podSelector/matchLabels"}]'
