kubectl patch crd widgets.$CASE.example.com --type=json -p '[
{"op": "add", "path": "/spec/versions/0/additionalPrinterColumns", "value": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]},
{"op": "add", "path": "/spec/names/shortNames", "value": ["wdg"]}]' 
