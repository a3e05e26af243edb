kubectl patch -n $NAMESPACE cronjob/ml-pipeline --type=json -p '[{"op":"replace","path":"/spec/jobTemplate/spec/template/spec/containers/0/args/1","value":"run-backfill"}]'
