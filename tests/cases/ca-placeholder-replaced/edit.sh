ca=$(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test -keyout /dev/null 2>/dev/null | base64 -w0)
kubectl patch validatingwebhookconfiguration "$CASE-hook" --field-manager=cert-manager-cainjector --type=json -p '[
{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": "'"$ca"'"},
{"op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": "'"$ca"'"}]'
