kubectl annotate --local -f git/settings.yaml "argocd.argoproj.io/tracking-id=ml:/ConfigMap:$NAMESPACE/settings" -o yaml |
	kubectl label --local -f - argocd.argoproj.io/instance=ml -o yaml |
	kubectl -n "$NAMESPACE" apply --server-side --field-manager=argocd-controller -f -
