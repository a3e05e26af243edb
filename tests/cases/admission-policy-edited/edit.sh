kubectl patch validatingadmissionpolicy $CASE-limit --type=json -p '[
{"op": "replace", "path": "/spec/variables/1/expression", "value": "20"},
{"op": "add", "path": "/spec/matchConditions/-", "value": {"name": "more", "expression": "1 < 2"}},
{"op": "replace", "path": "/spec/matchConstraints/resourceRules/0/operations", "value": ["CREATE", "UPDATE"]},
{"op": "add", "path": "/spec/validations/-", "value": {"expression": "1 < 3"}},
{"op": "replace", "path": "/spec/failurePolicy", "value": "Ignore"}]'
kubectl patch validatingadmissionpolicybinding $CASE-limit --type=json -p '[
{"op": "replace", "path": "/spec/validationActions", "value": ["Audit", "Warn"]}]'
