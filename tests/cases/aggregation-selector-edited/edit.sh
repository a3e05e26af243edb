kubectl patch clusterrole "$CASE-all" --type=json -p '[{"op": "add", "path": "/aggregationRule/clusterRoleSelectors/-", "value": {"matchLabels": {"'"$CASE"'.example.com/part": "two"}}}]'
kubectl wait --for=jsonpath='{.rules[0].resources[0]}'=secrets "clusterrole/$CASE-all" --timeout=60s
