uid=$(kubectl -n "$NAMESPACE" get configmap owner -o jsonpath={.metadata.uid})
reference='{"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "'$uid'"}]}}'
kubectl -n "$NAMESPACE" patch configmap adopted --field-manager=model-operator -p "$reference"
kubectl -n "$NAMESPACE" patch configmap tied -p "$reference"
