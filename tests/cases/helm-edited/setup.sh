kubectl annotate --local -f git/web.yaml meta.helm.sh/release-name=web "meta.helm.sh/release-namespace=$NAMESPACE" -o yaml |
	kubectl label --local -f - app.kubernetes.io/managed-by=Helm -o yaml |
	kubectl -n "$NAMESPACE" create --field-manager=helm -f -
