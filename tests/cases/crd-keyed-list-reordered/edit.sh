kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"ports": [{"port": 81, "title": "more"}, {"port": 80, "protocol": "UDP", "title": "dns"}, {"port": 80, "title": "web"}]}}'
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/two --type=merge -p '{"spec": {"ports": [{"port": 80, "protocol": "UDP", "title": "DNS"}, {"port": 80, "title": "web"}]}}'
