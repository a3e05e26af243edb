kubectl apply --server-side --field-manager=holdfast -f git/crd.yaml
until kubectl wait --for=condition=Established -f git/crd.yaml --timeout=60s; do sleep 0.1; done
sed "s|CLIENT|$(webhook hook.py)|" hook.yaml | kubectl apply -f -
until kubectl -n "$NAMESPACE" apply --server-side --dry-run=server --field-manager=holdfast -f git/model.yaml -o yaml | grep -q modelFormat; do sleep 0.1; done
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git/model.yaml
