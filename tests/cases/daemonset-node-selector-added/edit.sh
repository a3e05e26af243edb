for name in everywhere somewhere; do
	kubectl -n "$NAMESPACE" patch daemonset $name -p '{"spec": {"template": {"spec": {"nodeSelector": {"zone": "a"}}}}}'
done
kubectl -n "$NAMESPACE" patch daemonset elsewhere --field-manager=node-operator -p '{"spec": {"template": {"spec": {"nodeSelector": {"zone": "a"}}}}}'
