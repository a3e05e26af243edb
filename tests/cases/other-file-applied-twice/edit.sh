kubectl -n "$NAMESPACE" apply -f - <<'END'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, team: ops}
spec:
  replicas: 2
  revisionHistoryLimit: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: main
        image: registry.example/web:1.0
        env:
        - {name: A, value: "1"}
        - {name: B, value: "2"}
        - {name: DEBUG, value: "1"}
END
kubectl -n "$NAMESPACE" apply -f - <<'END'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: main
        image: registry.example/web:1.0
        env:
        - {name: A, value: "1"}
END
