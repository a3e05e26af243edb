kubectl -n "$NAMESPACE" patch serviceaccount runner --field-manager=openshift-controller-manager --type=merge -p '
{"secrets": [{"name": "runner-dockercfg-x7k2p"}], "imagePullSecrets": [{"name": "registry"}, {"name": "runner-dockercfg-x7k2p"}]}'
kubectl annotate namespace "$CASE-b" --field-manager=cluster-policy-controller openshift.io/sa.scc.mcs=s0:c1,c0 openshift.io/sa.scc.uid-range=1000000000/10000
