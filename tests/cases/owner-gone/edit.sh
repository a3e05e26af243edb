uid=$(kubectl -n "$NAMESPACE" get configmap owner -o jsonpath={.metadata.uid})
kubectl -n "$NAMESPACE" patch configmap dependent --field-manager=model-operator -p '
{"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "'$uid'"}]}}'
kubectl -n "$NAMESPACE" delete configmap owner
kubectl -n "$NAMESPACE" wait --for=delete configmap/dependent --timeout=120s
