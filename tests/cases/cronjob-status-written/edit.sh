kubectl -n "$NAMESPACE" create job nightly-1 --from=cronjob/nightly
kubectl -n "$NAMESPACE" patch cronjob nightly --subresource=status --field-manager=kube-controller-manager --type=merge -p '
{"status": {"lastScheduleTime": "2026-11-28T03:00:00Z", "lastSuccessfulTime": "2026-11-28T03:01:00Z"}}'
