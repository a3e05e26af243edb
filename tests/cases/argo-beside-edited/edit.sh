kubectl -n "$NAMESPACE" label configmap settings reviewed=yes
