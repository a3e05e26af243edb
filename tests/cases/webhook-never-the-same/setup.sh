sed "s|CLIENT|$(webhook hook.py)|" hook.yaml | kubectl apply -f -
until kubectl -n "$NAMESPACE" apply --server-side --dry-run=server --field-manager=holdfast -f git -o yaml | grep -q hooks.example/stamp; do sleep 0.1; done
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git
