# as holdfast applies it: without its orders
for file in git/*.yaml; do
    python3 -c 'import sys, yaml
body = yaml.safe_load(open(sys.argv[1]))
body["metadata"].pop("annotations", None)
print(yaml.safe_dump(body))' "$file" | kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f -
done
