for file in git/*.yaml; do
    kubectl label -f "$file" --local -o yaml tool.example/made=yes | kubectl -n "$NAMESPACE" create --field-manager=deployer -f -
done
