kubectl -n "$NAMESPACE" patch service a -p '{"spec": {"type": "NodePort"}}'
KUBE_EDITOR="sed -i 's/^  type: ClusterIP/  type: LoadBalancer/'" kubectl -n "$NAMESPACE" edit service b
