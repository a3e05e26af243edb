kubectl -n "$NAMESPACE" apply --server-side --force-conflicts -f - <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {who: me}}
spec:
  replicas: 2
  minReadySeconds: 7
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: main
        image: registry.example/web:2.0
        env:
        - {name: B, value: "2"}
END
