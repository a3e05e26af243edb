kubectl create -f git/crd.yaml
kubectl wait --for=condition=Established crd/widgets.$CASE.example.com --timeout=60s
kubectl create -n "$NAMESPACE" -f git/widget.yaml
