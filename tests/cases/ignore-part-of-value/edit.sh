patch() {
    kubectl -n "$NAMESPACE" patch deployment "$1" --type=strategic -p "{\"spec\": {\"template\": {\"spec\": {\"containers\": [{\"name\": \"main\", $2}]}}}}"
}
patch web '"args": ["--level=3", "--mode=safe"], "resources": {"limits": {"cpu": "1"}}'
patch other '"args": ["--level=3", "--mode=fast"], "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}'
