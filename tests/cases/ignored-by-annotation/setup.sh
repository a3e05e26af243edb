grep -v -e annotations -e holdfast.dev git/settings.yaml | kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f -
