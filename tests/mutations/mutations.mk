# Whether the cases see deliberate faults in the program: included by tests/tests.mk.

.PHONY: mutations run-mutations
mutations: ready ## whether the cases see deliberate faults in the program
	@$(SUB) all
	@$(MAKE) --no-print-directory run-mutations

run-mutations:
	@tests/mutations/run $(if $(J),-j $(J)) $(CASES)
