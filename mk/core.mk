# SPDX-License-Identifier: GPL-2.0-or-later
.DEFAULT_GOAL := help

help: ## this text
	@echo "rmapbench $(VERSION): what a change to anonymous reverse mapping costs and saves, kernel against kernel"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | sort | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

deps: ## install what is missing from the distribution (or print the line to run)
	@scripts/deps.sh $(or $(GROUPS),build)

clean: ## remove build/
	rm -rf build

lint: ## clang-format, shellcheck, cppcheck
	@scripts/deps.sh build lint
	@scripts/lint.sh

format: ## let clang-format rewrite the sources
	clang-format -i $(shell git ls-files '*.c' '*.h')

docs: programs ## make docs/workloads.md from what the workloads declare
	@$(O)/rmapbench list --markdown > docs/workloads.md.new && mv docs/workloads.md.new docs/workloads.md
