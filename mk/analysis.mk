# SPDX-License-Identifier: GPL-2.0-or-later
# Simulated records: for the tests of the analysis, its calibration and its speed.

SIMULATED    := $(O)/generate-records
SIM_LIB      := $(call obj,tests/calibration/simulate.c lib/alloc.c lib/error.c)

$(O)/generate-records: $(call obj,tests/calibration/generate.c) $(SIM_LIB)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

$(O)/cost-of: $(call obj,tests/calibration/cost_of.c lib/alloc.c lib/error.c)
	$(CC) $(LDFLAGS) -o $@ $^
