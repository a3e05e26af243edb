kubectl -n "$NAMESPACE" set env deployment/web OLD-
kubectl -n "$NAMESPACE" label deployment web team-
