kubectl wait -n $NAMESPACE --for=create pvc/data-feature-store-0 --timeout=60s
