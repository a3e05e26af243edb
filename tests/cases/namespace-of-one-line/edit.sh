kubectl annotate namespace "$CASE-b" --field-manager=cluster-policy-controller openshift.io/sa.scc.mcs=s0:c1,c0
kubectl label namespace "$CASE-b" team=ml
