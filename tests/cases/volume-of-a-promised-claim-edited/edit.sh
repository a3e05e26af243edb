kubectl -n "$NAMESPACE" wait --for=jsonpath={.status.phase}=Bound pvc/data --timeout=60s
kubectl patch pv volume-of-a-promised-claim-edited-pv --type=merge -p '{"spec": {"mountOptions": ["noatime", "nconnect=8"], "capacity": {"storage": "20Gi"}, "persistentVolumeReclaimPolicy": "Delete"}}'
