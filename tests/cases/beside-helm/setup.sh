kubectl label -f git/web.yaml --local -o yaml app.kubernetes.io/managed-by=Helm |
    kubectl annotate -f - --local -o yaml meta.helm.sh/release-name=web meta.helm.sh/release-namespace=x |
    kubectl -n "$NAMESPACE" create --field-manager=helm -f -
