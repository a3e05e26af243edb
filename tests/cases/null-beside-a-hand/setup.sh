grep -v null git/settings.yaml | grep -v labels | kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f -
