kubectl patch -n $NAMESPACE deployment/ml-model -p '{"spec":{"template":{"spec":{"containers":[{"name":"debug","image":"busybox:1.36","args":["sleep","3600"]}]}}}}'
