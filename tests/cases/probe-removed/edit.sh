kubectl patch -n $NAMESPACE deployment/ml-model --type=json -p '[{"op":"remove","path":"/spec/template/spec/containers/0/livenessProbe"}]'
