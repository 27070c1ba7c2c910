# SPDX-License-Identifier: GPL-2.0-or-later
# Simulated records: for the tests of the analysis, its calibration and its speed.

SIM_LIB      := $(call obj,tests/calibration/simulate.c lib/alloc.c lib/error.c)

$(O)/generate-records: $(call obj,tests/calibration/generate.c) $(SIM_LIB)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

$(O)/cost-of: $(call obj,tests/calibration/cost_of.c lib/alloc.c lib/error.c)
	$(CC) $(LDFLAGS) -o $@ $^

$(O)/calibrate: $(call obj,tests/calibration/calibrate.c tests/calibration/simulate.c $(filter-out lib/main.c,$(LIB_SRC)) $(ANALYSIS_SRC))
	$(CC) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs jansson libRmath) -lm

calibration: $(O)/calibrate ## do the error rates of compare hold, on simulated boots? (quick; calibrate is the long one)
	@$(O)/calibrate

calibrate: $(O)/calibrate ## the long calibration of compare (10,000 repetitions); its table goes into docs/method.md
	@scripts/calibrate.sh $(O)/calibrate

.PHONY: calibration calibrate

PLANTED_SRC ?= /usr/src/linux-source-6.12.tar.xz

planted: deps-lab ## do intervals cover an effect of known size? Builds a kernel with one and boots it [PLANTED_SRC=]
	@$(MAKE) --no-print-directory programs guest
	@[ -e build/kernels/planted/vmlinuz ] || $(MAKE) --no-print-directory kernel NAME=planted SRC=$(PLANTED_SRC) PATCHES=configs/kernel/planted-spin.patch
	@scripts/planted.sh build/kernels/planted

.PHONY: planted
