until kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git; do sleep 0.2; done
