kubectl patch -n $NAMESPACE service/ml-model --type=json -p '[{"op":"replace","path":"/spec/ports/0/port","value":8000}]'
