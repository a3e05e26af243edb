kubectl patch -n $NAMESPACE service/ml-model --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":9999}]'
