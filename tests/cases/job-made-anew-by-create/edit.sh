kubectl -n "$NAMESPACE" delete job train --wait=true
kubectl -n "$NAMESPACE" create -f git
kubectl -n "$NAMESPACE" patch job train --type=merge -p '{"spec": {"backoffLimit": 9, "suspend": false}}'
kubectl -n "$NAMESPACE" wait --for=jsonpath={.status.active}=1 job/train --timeout=60s
