kubectl -n "$NAMESPACE" patch configmap moved --type=merge -p '{"data": {"level": "9"}}'
kubectl -n "$NAMESPACE" patch configmap back --type=merge -p '{"data": {"mode": null}}'
