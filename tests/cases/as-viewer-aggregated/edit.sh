kubectl wait --for=jsonpath='{.rules[0].verbs[0]}'=get clusterrole/$CASE-all --timeout=60s
kubectl label clusterrole "$CASE-all" --overwrite team=search
