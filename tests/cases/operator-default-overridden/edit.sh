kubectl patch -n $NAMESPACE trainingruns.operator-default-overridden.example/resnet --type=merge -p '{"spec":{"retries":9,"workers":1}}'
