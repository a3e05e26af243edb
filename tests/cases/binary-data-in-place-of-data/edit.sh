kubectl -n "$NAMESPACE" patch configmap texts --type=merge -p '{"data": {"model": null}, "binaryData": {"model": "/wEC"}}'
