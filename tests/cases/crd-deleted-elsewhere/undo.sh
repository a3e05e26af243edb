kubectl apply --server-side -f crd.yaml
until kubectl wait --for=condition=Established -f crd.yaml --timeout=60s; do sleep 0.1; done
