cat > "$TMPDIR/web.yaml" <<'END'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, tier: front}
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      terminationGracePeriodSeconds: 30
      dnsPolicy: ClusterFirst
      restartPolicy: Always
      containers:
      - name: main
        image: registry.example/web:1.0
        env:
        - name: MODE
          value: safe
        - name: OLD
          value: gone
END
kubectl annotate -f "$TMPDIR/web.yaml" --local -o yaml argocd.argoproj.io/tracking-id=apps:apps/Deployment:web |
    kubectl label -f - --local -o yaml app.kubernetes.io/instance=apps |
    kubectl -n "$NAMESPACE" apply --field-manager=argocd-controller -f -
