# Targets that test: included by the Makefile.
# Packages come first, and what needs them is made by a make of its own: this one read the compiler's flags too early.

SUB = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
SANITIZERS := address,undefined
FUZZ_MUTATIONS ?= 200
FUZZ_SECONDS ?= 60
FUZZ_BUILD := build/fuzz
IDLE_OBJECTS ?= 5000
IDLE_SECONDS ?= 300
SOAK_SECONDS ?= 600
KILLS ?= 100
FUZZ_NAMES ?= $(FUZZ:tests/fuzz/fuzz_%.c=%)
step = @printf '\n== %s\n' '$(1)'

.PHONY: test ready build-tests unit run-unit fuzz run-fuzz fuzz-long build-fuzz cases run-cases
.PHONY: sanitize run-sanitized valgrind run-valgrind e2e run-e2e idle soak killed lint format
.PHONY: real sanitize-e2e valgrind-e2e valgrind-cases

# Go, without which no test server can be built, is asked for before anything else.
ready:
	@tests/cluster/binaries --check
	@tests/setup/install build test

# End-to-end tests follow though a case failed: one run tells all.
test: ## all tests; installs what is missing, builds, and on first use builds a Kubernetes server
	@printf '== %s\n' 'packages, program, unit and golden tests, fuzz corpora (about a minute; less when nothing changed)'
	@$(MAKE) --no-print-directory ready
	@$(SUB) all build-tests $(FAULTS)
	@$(MAKE) --no-print-directory run-unit run-fuzz
	@tests/run-cases --selftest
	$(call step,the test server (found in a second; built once in 10 to 15 minutes))
	@tests/cluster/binaries
	@failed=; \
	printf '\n== %s\n' 'cases on that server, through diff and through the watching agent (8 to 10 minutes)'; \
	$(MAKE) --no-print-directory run-cases || failed="$$failed cases"; \
	printf '\n== %s\n' 'end to end on such a server (about 8 minutes)'; \
	$(MAKE) --no-print-directory run-e2e || failed="$$failed e2e"; \
	[ ! -s $(B)/cases.failed ] || cat $(B)/cases.failed; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

build-tests: $(TESTBIN) $(FUZZBIN)

# The fault proxy (tests/cluster/README.md).
FAULTS := $(B)/tests/cluster/faults
FAULTOBJ := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/cluster/*.c)))
.SECONDARY: $(FAULTOBJ)
-include $(FAULTOBJ:.o=.d)

$(FAULTS): $(FAULTOBJ) $(B)/libholdfast.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LDLIBS) -lssl -lcrypto -lpthread

$(B)/tests/unit/test_fault_rules: $(B)/tests/unit/test_fault_rules.o $(B)/tests/cluster/fault_rules.o \
		$(B)/libholdfast.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LDLIBS) -lcmocka

unit: ready ## unit and golden tests alone
	@$(SUB) build-tests
	@$(MAKE) --no-print-directory run-unit

run-unit:
	@failed=; for t in $(TESTBIN); do echo "== $$t"; $$t || failed="$$failed $$t"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

fuzz: ready ## the fuzz corpora alone, with FUZZ_MUTATIONS=N mutations of each input
	@$(SUB) build-tests
	@$(MAKE) --no-print-directory run-fuzz

run-fuzz:
	@failed=; for t in $(FUZZBIN); do echo "== $$t"; \
	$$t -m $(FUZZ_MUTATIONS) tests/fuzz/corpus/$${t##*/fuzz_} || failed="$$failed $$t"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

build-fuzz: $(FUZZBIN)

# What it finds lies in build/fuzz/found; put it into the corpus with the fix.
fuzz-long: ready ## libFuzzer on each target for FUZZ_SECONDS=N, with sanitizers: FUZZ_NAMES="items fields": those alone
	@tests/setup/install lint
	@$(SUB) B=$(FUZZ_BUILD) CC=clang SANITIZE=$(SANITIZERS) FUZZER=1 build-fuzz
	@mkdir -p $(FUZZ_BUILD)/found; failed=; for n in $(FUZZ_NAMES); do echo "== $$n"; \
	mkdir -p $(FUZZ_BUILD)/corpus/$$n; \
	$(FUZZ_BUILD)/tests/fuzz/fuzz_$$n -max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=4096 \
	-print_final_stats=1 -artifact_prefix=$(CURDIR)/$(FUZZ_BUILD)/found/$$n- \
	$(CURDIR)/$(FUZZ_BUILD)/corpus/$$n $(CURDIR)/tests/fuzz/corpus/$$n </dev/null || failed="$$failed $$n"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

cases: ready ## cases alone: CASES=DIR those of a folder (or one), J=N so many at a time
	@$(SUB) all
	@$(MAKE) --no-print-directory run-cases

run-cases:
	@rm -f $(B)/cases.failed
	@tests/run-cases --program $(B)/holdfast --failures $(B)/cases.failed $(if $(J),-j $(J)) $(if $(THROUGH),--through $(THROUGH)) $(CASES)

e2e: ready ## end-to-end tests alone: E2E='pytest arguments'
	@$(SUB) all $(FAULTS)
	@$(MAKE) --no-print-directory run-e2e

run-e2e:
	@$(SUB) $(FAULTS)
	@HOLDFAST=$(B)/holdfast HOLDFAST_FAULTS=$(CURDIR)/$(FAULTS) tests/run-e2e $(E2E)

idle: ready ## five idle minutes of IDLE_OBJECTS=5000 by the audit log, and what a restart asks
	@$(SUB) all
	@IDLE_ALONE=yes IDLE_OBJECTS=$(IDLE_OBJECTS) IDLE_SECONDS=$(IDLE_SECONDS) HOLDFAST=$(B)/holdfast tests/run-e2e tests/e2e/test_idle.py -n 0 -s

soak: ready ## ten edits and one commit a second for SOAK_SECONDS=600
	@$(SUB) all
	@SOAK_SECONDS=$(SOAK_SECONDS) HOLDFAST=$(B)/holdfast tests/run-e2e tests/e2e/test_soak.py -n 0 -s

killed: ready ## KILLS=100 at random moments; each start tells what is so. KILL_SEED=N for the same moments again
	@$(SUB) all
	@KILLS=$(KILLS) KILL_SECONDS=3600 HOLDFAST=$(B)/holdfast tests/run-e2e tests/e2e/test_killed.py -n 0 -s

# Needs Go: the manifests lie in the modules that the test server is built from.
real: ready ## manifests of well-known projects, applied and compared again
	@$(SUB) all
	@HOLDFAST=$(CURDIR)/$(B)/holdfast tests/real/real

sanitize: ready ## tests with sanitizers for memory and undefined behaviour; cases through the agent alone
	@$(SUB) SANITIZE=$(SANITIZERS) all build-tests
	@ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
	$(MAKE) --no-print-directory SANITIZE=$(SANITIZERS) run-unit run-fuzz run-cases THROUGH=agent

# Half an hour and more on two cores. The reports go to files, so that those of children and of what is killed count too.
sanitize-e2e: ready ## end-to-end tests with sanitizers: E2E='pytest arguments'
	@$(SUB) SANITIZE=$(SANITIZERS) all
	@ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
	E2E_SECONDS=$${E2E_SECONDS:-120} HOLDFAST_FINDINGS=$(CURDIR)/build/san/findings \
	$(MAKE) --no-print-directory SANITIZE=$(SANITIZERS) run-e2e

# Slow by far: E2E='tests/e2e/test_git_ssh.py -k NAME' for some. Reading children of agents run plain: tests/under-valgrind.
valgrind-e2e: ready ## end-to-end tests under valgrind: E2E='pytest arguments'
	@$(SUB) all $(FAULTS)
	@HOLDFAST=tests/under-valgrind HOLDFAST_PROGRAM=$(CURDIR)/$(B)/holdfast E2E_SECONDS=$${E2E_SECONDS:-300} \
	HOLDFAST_FAULTS=$(CURDIR)/$(FAULTS) HOLDFAST_FINDINGS=$(CURDIR)/$(B)/valgrind-e2e tests/run-e2e $(E2E)

valgrind-cases: ready ## cases under valgrind, through diff: CASES=DIR
	@$(SUB) all
	@rm -rf $(B)/valgrind-cases && mkdir -p $(B)/valgrind-cases
	@HOLDFAST_PROGRAM=$(CURDIR)/$(B)/holdfast HOLDFAST_FINDINGS=$(CURDIR)/$(B)/valgrind-cases \
	HOLDFAST_SUPPRESSIONS=$(CURDIR)/tests/e2e/valgrind.supp \
	tests/run-cases --program tests/under-valgrind --through diff $(if $(J),-j $(J)) $(CASES)
	@! cat $(B)/valgrind-cases/* | grep '^=='

valgrind: ready ## unit and golden tests under valgrind
	@$(SUB) build-tests
	@$(MAKE) --no-print-directory run-valgrind

# Its findings go by files and not by the exit status, which is that of the test: a child that could not be executed
# ends with 127, and that is tested.
run-valgrind:
	@mkdir -p $(B)/valgrind; failed=; for t in $(TESTBIN); do n=$${t##*/}; echo "== valgrind $$t"; \
	rm -f $(B)/valgrind/$$n.*; \
	valgrind -q --log-file=$(B)/valgrind/$$n.%p --child-silent-after-fork=yes --leak-check=full \
	--errors-for-leak-kinds=definite,indirect,possible $$t && ! grep -h '^==' $(B)/valgrind/$$n.* || failed="$$failed $$t"; \
	done; [ -z "$$failed" ] || { echo "failed under valgrind:$$failed" >&2; exit 1; }

lint: ## form, include arrows, sizes, static checks; one line for each finding
	@tests/setup/install build test lint
	@$(MAKE) --no-print-directory run-lint

run-lint:
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' CSTD='$(CSTD)' tests/lint/run

format: ## clang-format all C files
	@tests/setup/install lint
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs -r clang-format -i
