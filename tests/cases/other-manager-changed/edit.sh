sed 's/agent:1.0/agent:2.0/' git/agent.yaml |
kubectl -n "$NAMESPACE" apply --server-side --field-manager=flux -f -
