kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git.2
kubectl label -n "$NAMESPACE" deployment/web team-
