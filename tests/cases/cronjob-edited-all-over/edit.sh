kubectl -n "$NAMESPACE" patch cronjob nightly --type=merge -p '{"spec": {"startingDeadlineSeconds": null, "concurrencyPolicy": "Replace", "timeZone": "Europe/Berlin", "suspend": true, "jobTemplate": {"metadata": {"labels": {"by": "anna"}}, "spec": {"ttlSecondsAfterFinished": 60}}}}'
KUBE_EDITOR="sed -i -e s/successfulJobsHistoryLimit:.*/successfulJobsHistoryLimit:\ 5/ -e s/backoffLimit:.*/backoffLimit:\ 3/" kubectl -n "$NAMESPACE" edit cronjob nightly
kubectl -n "$NAMESPACE" set image cronjob/nightly main=registry.example/etl:1-debug
kubectl -n "$NAMESPACE" set env cronjob/nightly TRACE=1
kubectl -n "$NAMESPACE" patch cronjob nightly --type=json -p '[{"op": "remove", "path": "/spec/jobTemplate/spec/template/spec/containers/0/args"}, {"op": "replace", "path": "/spec/suspend", "value": false}]'
kubectl -n "$NAMESPACE" set resources cronjob nightly --limits=memory=8192Mi
