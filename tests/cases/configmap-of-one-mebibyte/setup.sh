python3 make.py
git -C ../repository add -A
git -C ../repository -c user.name=cases -c user.email=cases@example.com commit -q -m 'one mebibyte'
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f ../repository/touched.json -f ../repository/untouched.json
