apply() {
    sed "s/safe/fast/; \$ a \  from.$1: applied" git/settings.yaml |
    kubectl -n "$NAMESPACE" apply --server-side --force-conflicts --field-manager="$1" -f -
}
apply first
# entries have times of whole seconds: wait for the next one
now=$(date +%s); while [ "$(date +%s)" = "$now" ]; do sleep 0.05; done
apply second
