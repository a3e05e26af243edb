kubectl create -n "$NAMESPACE" -f git
