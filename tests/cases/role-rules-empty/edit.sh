rules='[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]'
kubectl -n "$NAMESPACE" patch role empty --type=merge -p "{\"rules\": $rules}"
kubectl -n "$NAMESPACE" patch role silent --type=merge -p "{\"rules\": $rules}"
kubectl patch clusterrole $CASE-empty --type=merge -p "{\"rules\": $rules}"
