kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f - <<'EOF'
apiVersion: v1
kind: Secret
metadata: {name: fixed}
immutable: true
stringData: {pw: canary-zero}
EOF
kubectl -n "$NAMESPACE" create quota few --hard=secrets=1
kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.used.secrets}'=1 --timeout=60s quota/few
