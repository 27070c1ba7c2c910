# SPDX-License-Identifier: GPL-2.0-or-later
# DESTDIR= and PREFIX= as everywhere. Workloads go to libexec, where the command looks for them.

MANDIR  = $(DESTDIR)$(PREFIX)/share/man/man1
LIBEXEC = $(DESTDIR)$(PREFIX)/libexec/rmapbench

$(O)/rmapbench.1: scripts/man.sh $(O)/rmapbench
	scripts/man.sh $(O)/rmapbench > $@

install: programs guest $(O)/rmapbench.1 ## install below PREFIX (default /usr/local; DESTDIR=), with man page
	install -D -m 755 $(O)/rmapbench $(DESTDIR)$(PREFIX)/bin/rmapbench
	install -D -m 755 $(O)/rmapbench-guest $(LIBEXEC)/rmapbench-guest
	for w in $(patsubst $(O)/%,%,$(WORKLOADS)); do install -D -m 755 $(O)/$$w $(LIBEXEC)/$$w || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/share/rmapbench/configs
	install -m 644 configs/*.ini $(DESTDIR)$(PREFIX)/share/rmapbench/configs
	install -D -m 644 $(O)/rmapbench.1 $(MANDIR)/rmapbench.1

uninstall: ## remove what install put there
	rm -rf $(DESTDIR)$(PREFIX)/bin/rmapbench $(LIBEXEC) $(DESTDIR)$(PREFIX)/share/rmapbench $(MANDIR)/rmapbench.1
