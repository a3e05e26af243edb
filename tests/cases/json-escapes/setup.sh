kubectl -n "$NAMESPACE" create -f git/texts.json
