kubectl apply --server-side -f crd.yaml
until kubectl wait --for=condition=Established crd/scaledobjects.keda.sh --timeout=60s; do sleep 0.1; done
until kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git; do sleep 0.1; done
kubectl -n "$NAMESPACE" create --field-manager=keda -f - <<EOF
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: keda-hpa-web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: web}
  minReplicas: 1
  maxReplicas: 4
EOF
