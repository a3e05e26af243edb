kubectl -n "$NAMESPACE" label configmap settings --overwrite team=search
