grep -v 'holdfast.dev\|annotations:\|^      spec\.' git/web.yaml | kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f -
