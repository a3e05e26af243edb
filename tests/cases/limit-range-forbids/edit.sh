kubectl -n "$NAMESPACE" wait --for=create limitrange/sizes --timeout=60s
while kubectl -n "$NAMESPACE" apply --dry-run=server -f ../repository/pod.yaml; do sleep 0.1; done
