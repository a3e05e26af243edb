kubectl -n "$NAMESPACE" set env cronjob/nightly SIZE=4
