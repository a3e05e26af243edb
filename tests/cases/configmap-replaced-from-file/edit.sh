kubectl -n "$NAMESPACE" create configmap conf --from-literal=app.ini="debug=1
" --from-literal=new.ini=x --dry-run=client -o yaml | kubectl -n "$NAMESPACE" replace -f -
