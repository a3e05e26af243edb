kubectl wait -n $NAMESPACE --for=jsonpath={.status.phase}=Bound pvc/ml-model-data --timeout=60s
kubectl patch pv volume-reclaim-policy-changed-pv -p '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}'
