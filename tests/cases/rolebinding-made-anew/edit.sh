kubectl -n "$NAMESPACE" delete rolebinding readers
kubectl -n "$NAMESPACE" create rolebinding readers --role=writer --user=ann
