kubectl -n "$NAMESPACE" patch serviceaccount runner --type=merge -p '{"automountServiceAccountToken": true, "imagePullSecrets": [{"name": "registry"}]}' 
