kubectl -n "$NAMESPACE" patch statefulset db -p '{"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}, "template": {"metadata": {"annotations": {"team.example/why": "oom"}}}}}'
kubectl -n "$NAMESPACE" patch statefulset db --type=merge -p '{"spec": {"ordinals": {"start": 0}}}'
kubectl -n "$NAMESPACE" patch statefulset db --subresource=scale --type=merge -p '{"spec": {"replicas": 0}}'
kubectl -n "$NAMESPACE" rollout restart statefulset/db
