kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.observedGeneration}'="$(kubectl -n "$NAMESPACE" get statefulset db -o jsonpath={.metadata.generation})" statefulset/db --timeout=60s
kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.observedGeneration}'="$(kubectl -n "$NAMESPACE" get daemonset agent -o jsonpath={.metadata.generation})" daemonset/agent --timeout=60s
kubectl -n "$NAMESPACE" set image statefulset/db main=registry.example/web:2
kubectl -n "$NAMESPACE" set env statefulset/db B=2 A=3
kubectl -n "$NAMESPACE" set image daemonset/agent main=registry.example/web:2
kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.observedGeneration}'="$(kubectl -n "$NAMESPACE" get statefulset db -o jsonpath={.metadata.generation})" statefulset/db --timeout=60s
kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.observedGeneration}'="$(kubectl -n "$NAMESPACE" get daemonset agent -o jsonpath={.metadata.generation})" daemonset/agent --timeout=60s
kubectl -n "$NAMESPACE" annotate daemonset agent kubernetes.io/change-cause='oom at night'
kubectl -n "$NAMESPACE" rollout undo daemonset/agent
kubectl -n "$NAMESPACE" rollout undo statefulset/db --to-revision=1
kubectl -n "$NAMESPACE" get statefulset db -o jsonpath='{.spec.template.spec.containers[0].image}' | grep -qx registry.example/web:1.0
