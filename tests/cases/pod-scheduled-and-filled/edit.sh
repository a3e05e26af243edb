kubectl create --raw "/api/v1/namespaces/$NAMESPACE/pods/model/binding" -f - <<END
{"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "model"}, "target": {"apiVersion": "v1", "kind": "Node", "name": "$CASE-node"}}
END
kubectl -n "$NAMESPACE" patch pod model --subresource=status --field-manager=kubelet -p '{"status": {"phase": "Running", "podIP": "10.1.2.3", "conditions": [{"type": "Ready", "status": "True"}]}}'
