kubectl create -f git/crd.yaml
until kubectl wait --for=condition=Established crd/widgets.$CASE.example.com --timeout=60s; do sleep 0.1; done
kubectl create -n "$NAMESPACE" -f git/widget.yaml
