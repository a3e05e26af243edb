kubectl -n "$NAMESPACE" annotate deployment web --overwrite team.example/owner=ops
kubectl -n "$NAMESPACE" set serviceaccount deployment web runner
kubectl -n "$NAMESPACE" set resources deployment web -c main --limits=cpu=2
KUBE_EDITOR="sed -i s/progressDeadlineSeconds:.300/progressDeadlineSeconds:\ 301/" kubectl -n "$NAMESPACE" edit deployment web
kubectl -n "$NAMESPACE" patch deployment web --field-manager=ann --type=merge -p '{"metadata": {"labels": {"by": "ann"}}, "spec": {"revisionHistoryLimit": 6}}'
kubectl -n "$NAMESPACE" patch deployment web --subresource=scale --type=merge -p '{"spec": {"replicas": 3}}'
kubectl -n "$NAMESPACE" patch deployment web --subresource=status --type=merge -p '{"metadata": {"annotations": {"team.example/stage": "two"}}}'
