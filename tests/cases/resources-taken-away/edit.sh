kubectl -n "$NAMESPACE" patch deployment llm --type=json -p '[{"op": "remove", "path": "/spec/template/spec/containers/0/resources"}]'
kubectl -n "$NAMESPACE" set resources deployment llm -c exporter --limits=memory=128Mi
