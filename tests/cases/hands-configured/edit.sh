patch() { kubectl -n "$NAMESPACE" patch configmap settings --field-manager="$1" -p "$2"; }
patch terraform '{"metadata": {"labels": {"team": "ml"}}, "data": {"from.terraform": "1"}}'
patch robot '{"metadata": {"labels": {"robot": "yes"}}, "data": {"from.robot": "1"}}' 
