kubectl create namespace $CASE-two
kubectl apply --server-side --field-manager=holdfast --force-conflicts -f git
