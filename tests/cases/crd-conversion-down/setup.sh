kubectl apply --server-side -f crd.yaml
kubectl wait --for=condition=Established -f crd.yaml --timeout=60s
sed 's/v1beta1/v1/' git/widget.yaml | kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f -
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git/settings.yaml
