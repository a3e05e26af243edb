kubectl patch -n $NAMESPACE configmap/serving --type=merge -p '{"data":{"mode":null,"mode.txt":"batch"}}'
