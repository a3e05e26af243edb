kubectl -n "$NAMESPACE" apply -f - <<'END'
apiVersion: v1
kind: Service
metadata:
  name: db
spec:
  selector: {app: db}
  clusterIP: None
  publishNotReadyAddresses: true
  ports:
  - {name: db, port: 5432, appProtocol: postgres}
  - {name: metrics, port: 9187}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: db
spec:
  selector: {matchLabels: {app: db}}
  maxUnavailable: 0
END
