ca=$(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test -keyout /dev/null 2>/dev/null | base64 -w0)
kubectl patch mutatingwebhookconfiguration "$CASE-hook" --field-manager=cert-manager-cainjector --type=json -p '[
{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "'"$ca"'"}]'
kubectl patch crd "things.$CASE.example.com" --field-manager=cert-manager-cainjector --type=json -p '[
{"op": "add", "path": "/spec/conversion/webhook/clientConfig/caBundle", "value": "'"$ca"'"}]'
