kubectl -n "$NAMESPACE" scale deployment web --replicas=3
kubectl -n "$NAMESPACE" set image deployment web main=registry.example/web:2.0 proxy=registry.example/proxy:2.0
kubectl -n "$NAMESPACE" set env deployment web -c main DEBUG=1
kubectl -n "$NAMESPACE" annotate deployment web team.example/stamp=today
