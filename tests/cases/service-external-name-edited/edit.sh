kubectl -n "$NAMESPACE" patch service database -p '{"spec": {"externalName": "old-db.example"}}'
kubectl -n "$NAMESPACE" patch service headless -p '{"spec": {"publishNotReadyAddresses": true}}'
