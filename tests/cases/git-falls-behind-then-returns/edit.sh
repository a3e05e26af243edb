kubectl -n "$NAMESPACE" patch cronjob nightly -p '{"spec": {"schedule": "0 4 * * *"}}'
kubectl -n "$NAMESPACE" set env cronjob/nightly DAY=4
kubectl -n "$NAMESPACE" set resources cronjob nightly --limits=memory=4Gi
