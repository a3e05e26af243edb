kubectl wait -n $NAMESPACE --for=jsonpath={.status.active}=1 job/train --timeout=60s
pod=$(kubectl get -n $NAMESPACE pod -l job-name=train -o name)
kubectl patch -n $NAMESPACE "$pod" --subresource=status --type=merge -p '{"status":{"phase":"Succeeded"}}'
kubectl wait -n $NAMESPACE --for=condition=Complete job/train --timeout=60s
