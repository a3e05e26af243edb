kubectl set env -n "$NAMESPACE" deployment/web LOG_LEVEL-
