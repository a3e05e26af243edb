kubectl apply --server-side --field-manager=holdfast -f git/crd.yaml
until kubectl wait --for=condition=Established -f git/crd.yaml --timeout=60s; do sleep 0.1; done
until kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git/widget.yaml; do sleep 0.1; done
# what the schema does not know, as another version of it or a hand would leave it: the server prunes it
kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com one --type=merge -p '{"spec": {"colour": "red"}}'
