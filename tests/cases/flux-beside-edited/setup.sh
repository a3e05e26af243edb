for file in git/*; do
	kubectl label --local -f "$file" kustomize.toolkit.fluxcd.io/name=apps kustomize.toolkit.fluxcd.io/namespace=flux-system -o yaml |
		kubectl -n "$NAMESPACE" apply --server-side --field-manager=kustomize-controller -f -
done
