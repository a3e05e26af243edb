kubectl label namespace "$CASE-b" --overwrite pod-security.kubernetes.io/warn=restricted team=ml
