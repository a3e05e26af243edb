uid=$(kubectl -n "$NAMESPACE" get service one -o jsonpath={.metadata.uid})
kubectl -n "$NAMESPACE" patch service two -p "{\"metadata\": {\"ownerReferences\": [
{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"name\": \"one\", \"uid\": \"$uid\"}]}}"
