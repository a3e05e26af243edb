kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git/limits.yaml
until kubectl -n "$NAMESPACE" run probe --image=x --dry-run=server -o yaml | grep -q 512Mi; do sleep 0.1; done
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git/pod.yaml
