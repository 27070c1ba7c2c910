# SPDX-License-Identifier: GPL-2.0-or-later
# Every suite speaks TAP; scripts/test.sh adds them up.

# Workloads whose mechanism does not run although all calls succeed: see tests/liars/liar.c.
LIARS := $(addprefix $(O)/liars/,migrate/migrate-pages migrate/thp migrate/churn migrate/cpuset migrate/balancing migrate/offline \
	walk/damon walk/soft-offline walk/hwpoison walk/swapoff walk/page-idle thp/split \
	fork/sparse vma/unmap-middle contention/family)
LIES  := pages_move node_migrate madvise munmap swap_off file_write write pwrite

comma := ,
TOOLS := $(patsubst tests/tools/%.c,$(O)/%,$(wildcard tests/tools/*.c))

test: ## set up, build, run all tests (SUITES="unit cli calibration guest")
	@scripts/deps.sh build test lab kernel arm64
	@$(MAKE) --no-print-directory programs test-tools
	@scripts/test.sh $(SUITES)

unit: programs $(UNITS)

# What the tests use beside the programs.
test-tools: $(TOOLS) $(O)/generate-records $(LIARS)

$(LIARS): $(O)/liars/%: $(O)/obj/workloads/%.o $(O)/obj/tests/liars/liar.o $(O)/libharness.a $(BOUNDARY)
	@mkdir -p $(@D)
	$(CC) $(WLDFLAGS) $(addprefix -Wl$(comma)--wrap=,$(LIES)) -o $@ $^

$(TOOLS): $(O)/%: $(O)/obj/tests/tools/%.o
	$(CC) $(LDFLAGS) -o $@ $^

# A unit test links everything but main().
$(O)/tests/%: $(O)/obj/tests/unit/%.o $(filter-out %/lib/main.o,$(call obj,$(LIB_SRC) $(RUNNER_SRC) $(LAB_SRC) $(CAMPAIGN_SRC) $(ANALYSIS_SRC)))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs $(ALL_LIBS) cmocka) -lm -lpthread

.PHONY: test-tools
