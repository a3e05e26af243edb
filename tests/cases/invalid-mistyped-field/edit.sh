kubectl patch -n $NAMESPACE configmap/serving --type=merge -p '{"data":{"mode":"offline"}}'
