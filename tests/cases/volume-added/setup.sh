kubectl apply -n "$NAMESPACE" -f git
