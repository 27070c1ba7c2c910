# SPDX-License-Identifier: GPL-2.0-or-later
# The campaign, tried on a whole machine. Too long for `make test`: about 6 minutes each without KVM.

campaign-check: ## reboot a Debian guest through a campaign, by kexec and by GRUB, with boots killed in the middle (WAYS="kexec loader"; root)
	@scripts/deps.sh build test lab campaign
	@$(MAKE) --no-print-directory programs guest
	@for way in $(or $(WAYS),kexec loader); do tests/campaign/check.sh $$way || exit 1; done

.PHONY: campaign-check
