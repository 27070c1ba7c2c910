# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench: `make help` tells the targets. Each is a line or two over build/rmapbench.

VERSION   := 0.1.0
PREFIX    ?= /usr/local
HOST_ARCH := $(shell uname -m | sed s/aarch64/arm64/)
ARCH      ?= $(HOST_ARCH)
CONFIG    ?= configs/default.ini
LABEL     ?= $(shell uname -r)
RESULTS   ?= results

# One output folder an architecture; the host's own is build/ itself.
O := $(if $(filter $(HOST_ARCH),$(ARCH)),build,build/$(ARCH))

ifeq ($(ARCH),$(HOST_ARCH))
CC         := gcc
PKG_CONFIG := pkg-config
else ifeq ($(ARCH),arm64)
CC         := aarch64-linux-gnu-gcc
PKG_CONFIG := PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig pkg-config
else
$(error ARCH=$(ARCH): allowed are x86_64 and arm64)
endif

COMMIT  := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo release)
WARN    := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes
CFLAGS  ?= -O2 -g
CFLAGS  += -std=gnu11 -D_GNU_SOURCE -DRMAPBENCH_CONFIGS='"$(PREFIX)/share/rmapbench/configs"' $(WARN) -I. -Ilib -I$(O) -MMD -MP
# Static and without position-independent code: few VMAs, and the same ones every time.
WCFLAGS := -fno-pie -fno-stack-protector
WLDFLAGS := -static -no-pie

RUNNER_LIBS   = jansson inih hwloc liburing libmd zlib libtracefs
GUEST_LIBS    = $(RUNNER_LIBS)
ALL_LIBS      = $(RUNNER_LIBS) libarchive libRmath

LIB_SRC       := $(wildcard lib/*.c)
RUNNER_SRC    := $(wildcard runner/*.c)
LAB_SRC       := $(wildcard runner/lab/*.c)
CAMPAIGN_SRC  := $(wildcard runner/campaign/*.c)
ANALYSIS_SRC  := $(wildcard analysis/*.c)
HARNESS_SRC   := $(wildcard workloads/harness/*.c)
# The harness is no family.
WORKLOAD_SRC  := $(filter-out $(HARNESS_SRC),$(wildcard workloads/*.c workloads/*/*.c))
UNIT_SRC      := $(wildcard tests/unit/*.c)

obj = $(patsubst %.c,$(O)/obj/%.o,$(1))
WORKLOADS := $(patsubst %.c,$(O)/%,$(WORKLOAD_SRC))
UNITS     := $(patsubst tests/unit/%.c,$(O)/tests/%,$(UNIT_SRC))

.PHONY: all programs bench compare plots letter report lab kernel test unit cli deps lint format \
	install uninstall bench-harness docs clean help guest
.DELETE_ON_ERROR:
.SECONDARY:

all: deps
	@$(MAKE) --no-print-directory programs

programs: $(O)/rmapbench $(WORKLOADS) ## build, without looking for missing packages

# What runs inside a lab guest: no analysis, hence no libRmath to cross-build.
guest: $(O)/rmapbench-guest $(WORKLOADS) ## build what runs inside a lab guest (ARCH=)

$(O)/version.h: Makefile $(wildcard .git/HEAD .git/logs/HEAD)
	@mkdir -p $(@D)
	@echo '#define VERSION "$(VERSION) ($(COMMIT))"' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(O)/obj/%.o: %.c | $(O)/version.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(EXTRA_CFLAGS) $(shell $(PKG_CONFIG) --cflags $(RUNNER_LIBS)) -c -o $@ $<

# A workload's name is the path of its file; the harness's own objects have none.
$(call obj,$(WORKLOAD_SRC)): EXTRA_CFLAGS = $(WCFLAGS) -DWORKLOAD_NAME='"$(patsubst $(O)/obj/workloads/%.o,%,$@)"'
$(call obj,$(HARNESS_SRC)): EXTRA_CFLAGS = $(WCFLAGS)

$(O)/rmapbench: $(call obj,$(LIB_SRC) $(RUNNER_SRC) $(LAB_SRC) $(CAMPAIGN_SRC) $(ANALYSIS_SRC))
	$(CC) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs $(ALL_LIBS)) -lm -lpthread

$(O)/rmapbench-guest: $(call obj,$(LIB_SRC) $(RUNNER_SRC))
	$(CC) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs $(GUEST_LIBS)) -lm -lpthread

# Not in the archive: its place among the objects is its purpose.
BOUNDARY := $(call obj,workloads/harness/boundary.c)

$(O)/libharness.a: $(filter-out $(BOUNDARY),$(call obj,$(HARNESS_SRC)))
	@rm -f $@
	ar rcs $@ $^

$(O)/workloads/%: $(O)/obj/workloads/%.o $(O)/libharness.a $(BOUNDARY)
	@mkdir -p $(@D)
	$(CC) $(WLDFLAGS) -o $@ $^

include $(wildcard mk/*.mk)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
