# Targets that test: included by the Makefile.

.PHONY: unit
unit: $(TESTBIN) ## unit suites alone
	@for t in $(TESTBIN); do echo "== $$t"; $$t || exit 1; done
