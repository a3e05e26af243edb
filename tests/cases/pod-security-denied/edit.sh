kubectl label namespace "$NAMESPACE" pod-security.kubernetes.io/enforce=baseline
