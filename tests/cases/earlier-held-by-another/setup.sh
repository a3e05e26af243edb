kubectl -n "$NAMESPACE" create --field-manager=deployer -f git
kubectl -n "$NAMESPACE" apply --server-side --field-manager=another -f - <<'END'
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {shared: x}
END
