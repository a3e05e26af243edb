sed /somewhere/d git/role.yaml | kubectl apply --server-side --field-manager=holdfast -f -
