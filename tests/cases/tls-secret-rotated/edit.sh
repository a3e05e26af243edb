kubectl -n "$NAMESPACE" patch secret tls --field-manager=cert-manager-certificates-issuing --type=merge -p '
{"stringData": {"tls.crt": "certificate-canary-renewed", "tls.key": "private-key-canary-renewed"}, "metadata": {"annotations": {"cert-manager.io/issuer-name": "ours"}}}'
