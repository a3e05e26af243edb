kubectl -n "$NAMESPACE" annotate configmap settings holdfast.dev/mode=paused holdfast.dev/depends-on=nothing
