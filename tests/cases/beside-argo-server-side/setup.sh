for file in git/*.yaml; do
    kubectl annotate -f "$file" --local -o yaml argocd.argoproj.io/tracking-id=apps:x |
        kubectl label -f - --local -o yaml argocd.argoproj.io/instance=apps |
        kubectl -n "$NAMESPACE" apply --server-side --field-manager=argocd-controller -f -
done
