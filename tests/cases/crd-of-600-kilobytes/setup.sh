python3 make.py
git -C ../repository add -A
git -C ../repository -c user.name=cases -c user.email=cases@example.com commit -q -m 'a large CRD'
kubectl apply --server-side --field-manager=holdfast -f ../repository/crd.json
until kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git; do sleep 0.1; done
