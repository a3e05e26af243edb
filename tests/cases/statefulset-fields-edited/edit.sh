kubectl -n "$NAMESPACE" patch statefulset store -p '{"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}},
"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain"}, "revisionHistoryLimit": 3}}'
