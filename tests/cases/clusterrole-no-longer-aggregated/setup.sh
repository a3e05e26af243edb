kubectl apply --server-side --field-manager=holdfast --force-conflicts -f git
kubectl wait --for=jsonpath='{.rules[0].resources[0]}'=pods clusterrole/$CASE-all --timeout=60s
