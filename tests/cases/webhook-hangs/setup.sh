kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git
sed "s|CLIENT|$(webhook hook.py)|" hook.yaml | kubectl apply -f -
while kubectl -n "$NAMESPACE" create configmap probe --dry-run=server; do sleep 0.1; done
