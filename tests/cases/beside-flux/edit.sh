kubectl -n "$NAMESPACE" scale deployment web --replicas=3
kubectl -n "$NAMESPACE" annotate configmap settings kustomize.toolkit.fluxcd.io/reconcile=disabled
