kubectl -n "$NAMESPACE" wait --for=jsonpath={.spec.storageClassName}="$CASE-default" pvc/data --timeout=60s
kubectl annotate --overwrite storageclass "$CASE-default" storageclass.kubernetes.io/is-default-class=false
