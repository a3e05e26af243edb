kubectl patch -n $NAMESPACE trainingruns.operator-status-written.example/resnet --subresource=status --type=merge -p '{"status":{"phase":"Running"}}'
test "$(kubectl get -n $NAMESPACE trainingruns.operator-status-written.example/resnet -o jsonpath='{.spec.retries}')" = 3
