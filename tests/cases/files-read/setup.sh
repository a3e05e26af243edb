kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/clusters/prod/web.yml -f git/clusters/prod/deep/er/conf.json -f 'git/clusters/prod/a b.yaml' 
