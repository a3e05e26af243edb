kubectl -n "$NAMESPACE" set env statefulset/db FAST=1
