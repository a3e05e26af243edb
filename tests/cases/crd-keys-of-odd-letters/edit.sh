kubectl -n "$NAMESPACE" get widgets.$CASE.example.com/one -o json | sed 's/"to": "x"/"to": "X"/' | kubectl -n "$NAMESPACE" replace -f -
