kubectl create --field-manager=kubelet -f - <<EOF
apiVersion: v1
kind: Node
metadata: {name: $CASE-n1, labels: {kubernetes.io/hostname: n1, kubernetes.io/os: linux}}
spec: {podCIDR: 10.9.0.0/24}
EOF
kubectl apply --server-side --field-manager=holdfast -f git
