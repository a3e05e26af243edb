# holdfast: see README.md. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := all

B ?= build
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PKGS := libgit2 libcurl yaml-0.1 jansson libcrypto zlib

CC ?= gcc
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
HEADERS := $(sort $(wildcard agent/*.h agent/core/*.h diff/*.h sync/*.h providers/*.h providers/*/*.h))

.PHONY: all help
all: $(B)/holdfast ## build build/holdfast

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(B)/holdfast: $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/agent/core/version.o: CPPFLAGS += -DHOLDFAST_VERSION='"$(VERSION)"'

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libholdfast.a: $(LIBOBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/tests/unit/%: tests/unit/%.c $(B)/libholdfast.a
	@mkdir -p $(@D)
	$(call say,CCLD,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(B)/libholdfast.a $(LDLIBS) -lcmocka

-include $(OBJ:.o=.d) $(TESTBIN:=.d)

include tests/tests.mk
-include tests/bench/bench.mk
include deploy/deploy.mk

.PHONY: install clean
PREFIX ?= /usr/local
install: all ## install the program into $(PREFIX)/bin
	install -D -m 0755 $(B)/holdfast $(DESTDIR)$(PREFIX)/bin/holdfast

clean: ## remove what was built here (the test server's cache stays)
	rm -rf build
