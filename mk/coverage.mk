# SPDX-License-Identifier: GPL-2.0-or-later
# docs/coverage.md, from guests: packaged kernels, and the lab's own where it is built (it has what
# packaged ones leave out: idle page tracking, zram, memory failure on every series).

COVERAGE_KERNELS = $(or $(KERNEL),$(KERNELS)/6.1 $(KERNELS)/6.12 $(firstword $(wildcard $(KERNELS)/lab $(KERNELS)/base)))
COVERAGE_OUT    ?= docs/coverage.md

coverage: deps-lab programs guest ## which workload reaches which kernel function: docs/coverage.md (KERNEL=, COVERAGE_OUT=)
	@$(if $(KERNEL),,scripts/fetch-kernel.sh $(ARCH) $(KERNELS) 6.1 6.12)
	$(O)/rmapbench coverage --records $(RESULTS)/coverage --out $(COVERAGE_OUT) --lab $(COVERAGE_KERNELS)

.PHONY: coverage
