sed 's/^piV/apiV/' git/all.yaml | kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f -
