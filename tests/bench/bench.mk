# The bench: included by the Makefile.
BENCH_N ?= 1000 5000
WATCHING_N = $(if $(filter file default,$(origin BENCH_N)),1000 5000 10000,$(BENCH_N))
BENCH_RUNS ?= 11
BENCH_IDLE ?= 300
BENCHBIN := $(addprefix $(B)/tests/bench/,measure lists events reads)

$(B)/tests/bench/%: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CCLD,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(shell pkg-config --libs yaml-0.1 libcurl)

# It reads as the agent does, and is its own child.
$(B)/tests/bench/reads: tests/bench/reads.c $(B)/libholdfast.a Makefile
	@mkdir -p $(@D)
	$(call say,CCLD,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libholdfast.a $(LDLIBS)

.PHONY: bench bench-watching
bench: all $(BENCHBIN) ## measure on a real server; BENCH_N="1000" for a quick one
	@tests/bench/bench --program $(B)/holdfast --tools $(B)/tests/bench --runs $(BENCH_RUNS) $(BENCH_N)

bench-watching: all $(BENCHBIN) ## the resident agent on a real server; BENCH_N="1000 10000", BENCH_IDLE=300 seconds
	@tests/bench/watching --program $(B)/holdfast --tools $(B)/tests/bench --idle $(BENCH_IDLE) $(WATCHING_N)
