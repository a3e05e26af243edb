kubectl -n "$NAMESPACE" scale deployment web --replicas=5
kubectl -n "$NAMESPACE" apply --server-side --field-manager=zeta -f - <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {zeta: "1"}}
spec: {replicas: 5}
END
