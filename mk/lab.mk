# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels in guests: fetched or built, booted, compared. docs/lab.md tells the variables.

KERNELS    := build/kernels
KERNEL_END := $(if $(filter $(HOST_ARCH),$(ARCH)),,-$(ARCH))
BASE_NAME  ?= $(if $(BASE),base,6.1)
NEW_NAME   ?= $(if $(NEW),new,6.12)
LAB_ARGS   ?=

# The lab runs here, its guests may be of the other architecture. What failed is compared too.
lab: deps-lab ## boot BASE= and NEW= (default: packaged 6.1 and 6.12) in guests and compare [ARCH=] [LAB_ARGS=]
	@$(MAKE) --no-print-directory ARCH=$(HOST_ARCH) programs
	@$(MAKE) --no-print-directory ARCH=$(ARCH) guest
	@scripts/fetch-kernel.sh $(ARCH) $(KERNELS) $(if $(BASE),,$(BASE_NAME)) $(if $(NEW),,$(NEW_NAME))
	build/rmapbench lab $(if $(filter command line,$(origin CONFIG)),--config $(CONFIG)) --arch $(ARCH) --out $(RESULTS) $(LAB_ARGS) \
		$(BASE_NAME)=$(or $(BASE),$(KERNELS)/$(BASE_NAME)$(KERNEL_END)) $(NEW_NAME)=$(or $(NEW),$(KERNELS)/$(NEW_NAME)$(KERNEL_END)) || \
		{ status=$$?; [ $$status = 2 ] || build/rmapbench compare $(RESULTS)/$(BASE_NAME) $(RESULTS)/$(NEW_NAME); exit $$status; }
	build/rmapbench compare $(RESULTS)/$(BASE_NAME) $(RESULTS)/$(NEW_NAME)

kernel: deps-kernel ## build a kernel to compare: NAME= SRC= [PATCHES=] [CONFIG=fragment] [ARCH=]
	@NAME='$(NAME)' SRC='$(SRC)' PATCHES='$(PATCHES)' ARCH='$(ARCH)' \
		CONFIG='$(if $(filter command line,$(origin CONFIG)),$(CONFIG))' scripts/kernel.sh

.PHONY: deps-lab deps-kernel
deps-lab:
	@scripts/deps.sh build lab $(if $(filter $(HOST_ARCH),$(ARCH)),,arm64)

deps-kernel:
	@scripts/deps.sh kernel $(if $(filter $(HOST_ARCH),$(ARCH)),,arm64)

# The defaults are built in.
$(O)/obj/runner/lab/config.o: configs/lab.ini configs/smoke.ini
