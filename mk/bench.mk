# SPDX-License-Identifier: GPL-2.0-or-later
# Thin: each target is a line or two over the command.

RMAPBENCH = $(O)/rmapbench

# What is compared: a base and any number of new ones; the recorded example if nothing is named.
PAIR = --results '$(RESULTS)' '$(or $(BASE),results/example/6.1)' $(if $(NEW),$(foreach n,$(NEW),'$(n)'),'results/example/6.12')

# The table comes last on the terminal but for one line on the pictures.
bench: all ## measure the running kernel: run, table, plots (LABEL=, CONFIG=, RESULTS=)
	@$(RMAPBENCH) run --config $(CONFIG) --label '$(LABEL)' --out '$(RESULTS)'; status=$$?; \
	echo; $(RMAPBENCH) plot --quiet --out '$(RESULTS)/$(LABEL)/plots' '$(RESULTS)/$(LABEL)' >/dev/null && \
	echo "pictures: $$(ls '$(RESULTS)/$(LABEL)/plots'/*.png | wc -l) in $(RESULTS)/$(LABEL)/plots" && exit $$status

compare: all ## put results side by side (BASE=, NEW="A B": label, folder or file; RESULTS=, MARGIN=)
	@$(RMAPBENCH) compare $(if $(MARGIN),--margin $(MARGIN)) $(PAIR)

plots: all ## draw PNG and SVG of results (BASE=, NEW=, OUT=, RESULTS=)
	@$(RMAPBENCH) plot --results '$(RESULTS)' --out '$(or $(OUT),plots)' $(or $(foreach r,$(BASE) $(NEW),'$(r)'),'$(LABEL)')

selftest: all ## is the counting of slab objects exact on this host?
	@$(RMAPBENCH) selftest

$(O)/bench/bare_fork: tests/bench/bare_fork.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WCFLAGS) $(WLDFLAGS) -o $@ $<

$(O)/bench/harness: $(call obj,tests/bench/harness.c $(filter-out lib/main.c,$(LIB_SRC)) $(RUNNER_SRC))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs $(GUEST_LIBS)) -lm -lpthread

bench-harness: all $(O)/bench/bare_fork $(O)/bench/harness ## what measuring itself costs, as ratios in one run
	@RMAPBENCH_WORKLOADS=$(O)/workloads $(O)/bench/harness $(O)/bench/bare_fork
	@[ ! -x scripts/bench-compare.sh ] || scripts/bench-compare.sh
