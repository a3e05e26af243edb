kubectl -n "$NAMESPACE" patch configmap settings -p '{"data": {"new.conf": "mode = fast\n"}}' 
