kubectl -n "$NAMESPACE" annotate configmap leader --field-manager=ingress-controller 'control-plane.alpha.kubernetes.io/leader={"holderIdentity":"a"}'
kubectl -n "$NAMESPACE" wait --for='jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}=1' deployment/web --timeout=60s
