# Targets for a person who wants to see it work: included by the Makefile.

.PHONY: demo cluster
demo: ## show what it does, on a server of its own; CLUSTER=FILE: with that kubeconfig's cluster, read-only
	@HOLDFAST=$(B)/holdfast deploy/demo $(if $(CLUSTER),--cluster '$(CLUSTER)')

cluster: ## a real test server to try things on, until Ctrl-C
	@tests/cluster/serve
