kubectl -n "$NAMESPACE" patch service lb -p '{"spec": {"externalTrafficPolicy": "Local"}}'
KUBE_EDITOR="sed -i 's#^  type: LoadBalancer#  type: LoadBalancer\n  loadBalancerSourceRanges: [10.0.0.0/8]#'" kubectl -n "$NAMESPACE" edit service lb
