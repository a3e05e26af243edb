kubectl patch validatingwebhookconfiguration $CASE-hooks --type=json -p '[
{"op": "test", "path": "/webhooks/0/failurePolicy", "value": "Fail"},
{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"},
{"op": "replace", "path": "/webhooks/0/namespaceSelector", "value": {"matchLabels": {"team": "ml"}}},
{"op": "replace", "path": "/webhooks/0/clientConfig/service/port", "value": 8443},
{"op": "remove", "path": "/webhooks/1"},
{"op": "add", "path": "/webhooks/-", "value": {"name": "third.'$CASE'.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "clientConfig": {"url": "https://hooks.example/third"}}}]'
