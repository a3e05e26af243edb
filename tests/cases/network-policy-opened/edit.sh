kubectl -n "$NAMESPACE" patch networkpolicy models --type=json -p '[{"op": "add", "path": "/spec/ingress/0/from/-", "value": {"ipBlock": {"cidr": "0.0.0.0/0"}}}]'
