kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git/owner.yaml
uid() { kubectl -n "$NAMESPACE" get configmap "$1" -o jsonpath='{.metadata.uid}'; }
owner() { printf '{"apiVersion": "v1", "kind": "ConfigMap", "name": "%s", "uid": "%s"}' "$1" "$(uid "$1")"; }
write() { cat >../repository/owned.yaml <<END
apiVersion: v1
kind: ConfigMap
metadata:
  name: owned
  ownerReferences:
  - $(owner one)
immutable: true
data: {mode: $1}
END
}
write safe
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f ../repository/owned.yaml
kubectl -n "$NAMESPACE" patch configmap owned --field-manager=model-operator -p "{\"metadata\": {\"ownerReferences\": [$(owner two)]}}"
write fast
git -C ../repository add -A
git -C ../repository -c user.name=cases -c user.email=cases@example.com commit -q -m 'owned'
