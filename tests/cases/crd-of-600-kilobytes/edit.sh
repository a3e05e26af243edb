kubectl patch crd things.$CASE.example.com --type=json -p '[{"op": "add", "path": "/spec/names/shortNames/-", "value": "tg"}]'
kubectl -n "$NAMESPACE" patch things.$CASE.example.com one --type=merge -p '{"spec": {"part1": {"size": 4}}}'
