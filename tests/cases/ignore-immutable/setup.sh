sed 's/slow/fast/; s/2Gi/1Gi/' git/claims.yaml | kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f -
