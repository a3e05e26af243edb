for file in git/*.yaml; do
    kubectl label -f "$file" --local -o yaml kustomize.toolkit.fluxcd.io/name=apps kustomize.toolkit.fluxcd.io/namespace=flux-system |
        kubectl -n "$NAMESPACE" apply --server-side --field-manager=kustomize-controller -f -
done
