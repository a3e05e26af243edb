kubectl patch validatingwebhookconfiguration "$CASE-hook" --field-manager=webhook --type=json -p '[
{"op": "replace", "path": "/webhooks/0/rules/0/resources", "value": ["things", "things/status"]}]'
