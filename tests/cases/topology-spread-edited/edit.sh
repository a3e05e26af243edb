kubectl -n "$NAMESPACE" patch deployment web --type=json -p '[
{"op": "replace", "path": "/spec/template/spec/topologySpreadConstraints/0/maxSkew", "value": 5},
{"op": "add", "path": "/spec/template/spec/topologySpreadConstraints/-", "value":
{"topologyKey": "rack", "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 2, "labelSelector": {"matchLabels": {"app": "web"}}}}]'
