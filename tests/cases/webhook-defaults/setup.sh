sed "s|CLIENT|$(webhook hook.py)|" hook.yaml | kubectl apply -f -
until kubectl -n "$NAMESPACE" create configmap probe --dry-run=server -o yaml | grep -q hooks.example/validated; do sleep 0.1; done
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git
