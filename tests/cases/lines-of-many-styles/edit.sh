kubectl -n "$NAMESPACE" label configmap a --overwrite two=3
kubectl -n "$NAMESPACE" patch configmap a --type=merge -p '{"data": {"flow": "X", "last": "W"}}'
kubectl -n "$NAMESPACE" patch configmap b --type=merge -p '{"data": {"two": "3"}}'
kubectl -n "$NAMESPACE" patch configmap c --type=merge -p '{"data": {"after-block": "y", "last": "y"}}'
