# SPDX-License-Identifier: GPL-2.0-or-later
# Makes system calls do nothing, for the tests of the evidence.

$(O)/prevent: $(call obj,tests/tools/prevent.c)
	$(CC) $(LDFLAGS) -o $@ $^

cli: $(O)/prevent
