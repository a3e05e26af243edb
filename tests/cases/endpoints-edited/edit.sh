kubectl -n "$NAMESPACE" patch endpointslice database-1 --type=json -p '[{"op": "add", "path": "/endpoints/-", "value": {"addresses": ["192.0.2.2"]}}]'
