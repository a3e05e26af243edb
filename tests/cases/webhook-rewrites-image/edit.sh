kubectl -n "$NAMESPACE" set image deployment/edited main=elsewhere.example/web:2.0
