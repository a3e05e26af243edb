kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git/a.yaml
kubectl apply -f service.yaml
kubectl wait --for=condition=Available=false apiservice/v1.$CASE.example.com --timeout=60s
