kubectl delete namespace "$CASE-b" --ignore-not-found --timeout=60s
