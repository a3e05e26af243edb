kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f git
kubectl -n "$NAMESPACE" delete service taken gone
until sed 's/name: taken/name: other/' git/service.yaml | sed '/^---/,$d' | kubectl -n "$NAMESPACE" create -f -; do sleep 0.2; done
