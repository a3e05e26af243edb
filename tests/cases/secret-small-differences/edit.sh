kubectl -n "$NAMESPACE" patch secret odd --type=merge -p '{"data": {"empty": "eA==", "bytes": "/wD/AP4=", "both": "b25lLWlzLW5vdC10d28=", "nothing": "eQ=="}}'
kubectl -n "$NAMESPACE" patch secret odd --type=merge -p "{\"data\": {\"text\": \"$(printf 'first line of it\nsecond line of it' | base64 -w0)\"}}"
