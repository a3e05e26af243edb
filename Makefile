# holdfast: see README.md. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

B ?= build
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PKGS := libgit2 libssh2 libcurl libmicrohttpd yaml-0.1 jansson libcrypto zlib

ifeq ($(origin CC),default)
CC := gcc
endif
CSTD := -std=gnu17
WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
        -Wformat=2 -Wundef -Wvla -Wno-unused-parameter
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fstack-clash-protection
LDHARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack
OPT ?= -O2 -g

# SANITIZE=address,undefined builds into a folder of its own
ifneq ($(SANITIZE),)
B := build/san
HARDEN := -fPIE
OPT := -O1 -g -fno-omit-frame-pointer
SAN := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
endif

# FUZZER=1 with clang: libFuzzer in place of driver.c (tests/tests.mk, fuzz-long)
ifneq ($(FUZZER),)
SAN += -fsanitize=fuzzer-no-link
CPPFLAGS += -D__SANITIZE_ADDRESS__
endif

CPPFLAGS += -D_GNU_SOURCE -I. -Iagent -include agent/core/banned.h $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS += $(CSTD) $(OPT) $(WARN) $(HARDEN) $(SAN) $(WERROR)
LDFLAGS += $(LDHARDEN) $(SAN)
LDLIBS += $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lev -lm

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2);)

SRC := $(sort $(wildcard agent/*.c agent/core/*.c diff/*.c sync/*.c providers/*.c providers/*/*.c))
OBJ := $(SRC:%.c=$(B)/%.o)
LIBOBJ := $(filter-out $(B)/agent/main.o,$(OBJ))
TESTS := $(sort $(wildcard tests/unit/test_*.c))
TESTBIN := $(TESTS:%.c=$(B)/%)
FUZZ := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZBIN := $(FUZZ:%.c=$(B)/%)

.PHONY: all help setup libraries FORCE
all: $(B)/holdfast ## build build/holdfast (V=1: show commands; SANITIZE=address,undefined: into build/san)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: ## install the Debian packages that a build needs
	@tests/setup/install build

# What every compilation stands on: asked before the first one, so that one clear line is all that a fresh machine says.
libraries:
	@printf '#include <%s>\n' git2.h libssh2.h curl/curl.h microhttpd.h yaml.h jansson.h openssl/evp.h zlib.h ev.h uthash.h | \
	$(CC) $(CPPFLAGS) -E -o /dev/null - 2>/dev/null || { \
	echo "holdfast: $(CC) or one of the libraries is missing ($(PKGS) libev uthash); 'make setup' installs them" >&2; \
	exit 1; }

# Rewritten only when what it says is another: whatever depends on it is then built anew.
define written
@mkdir -p $(@D)
@echo '$(subst ','\'',$(1))' | cmp -s - $@ || echo '$(subst ','\'',$(1))' >$@
endef
$(B)/flags: FORCE
	$(call written,$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS))
$(B)/version: FORCE
	$(call written,$(VERSION))

$(B)/holdfast: $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LDLIBS)

$(B)/agent/core/version.o: private CPPFLAGS += -DHOLDFAST_VERSION='"$(VERSION)"'
$(B)/agent/core/version.o: $(B)/version

$(B)/%.o: %.c Makefile $(B)/flags | libraries
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libholdfast.a: $(LIBOBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/tests/unit/test_%: $(B)/tests/unit/test_%.o $(B)/libholdfast.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LDLIBS) -lcmocka

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(if $(FUZZER),,$(B)/tests/fuzz/driver.o) $(B)/libholdfast.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $(filter %.o %.a,$^) $(LDLIBS)

TESTOBJ := $(TESTBIN:=.o) $(FUZZBIN:=.o) $(B)/tests/fuzz/driver.o
.SECONDARY: $(TESTOBJ)
-include $(OBJ:.o=.d) $(TESTOBJ:.o=.d)

include tests/tests.mk
-include deploy/deploy.mk tests/bench/bench.mk tests/mutations/mutations.mk

.PHONY: install clean
PREFIX ?= /usr/local
install: all ## install the program into $(PREFIX)/bin
	install -D -m 0755 $(B)/holdfast $(DESTDIR)$(PREFIX)/bin/holdfast

clean: ## remove what was built here (the test server's cache stays)
	rm -rf build
