kubectl patch -n $NAMESPACE trainingruns.operator-object-changed.example/resnet --type=merge -p '{"spec":{"workers":16}}'
