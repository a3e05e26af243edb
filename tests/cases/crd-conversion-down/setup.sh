kubectl apply --server-side -f crd.yaml
until kubectl wait --for=condition=Established -f crd.yaml --timeout=60s; do sleep 0.1; done
sed 's/v1beta1/v1/' git/widget.yaml | kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f -
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git/settings.yaml
