sed "s|CLIENT|$(webhook hook.py)|" crd.yaml | kubectl apply --server-side -f -
until kubectl wait --for=condition=Established crd/widgets.$CASE.example.com --timeout=60s; do sleep 0.1; done
until kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git; do sleep 0.1; done
