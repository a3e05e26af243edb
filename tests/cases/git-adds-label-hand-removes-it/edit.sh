# a time in managedFields has whole seconds: what comes now is later than the commits
second=$(date +%s)
until [ "$(date +%s)" -gt "$second" ]; do sleep 0.05; done
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git.2
kubectl label -n "$NAMESPACE" deployment/web team-
