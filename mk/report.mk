# SPDX-License-Identifier: GPL-2.0-or-later
# What is sent to others: a letter for a mailing list, a page for a browser.

letter: all ## print results as a cover letter has them, 75 columns (BASE=, NEW="A B": label, folder or file)
	@$(RMAPBENCH) letter $(PAIR)

report: all ## write one HTML file of results (BASE=, NEW=, OUT=report.html)
	@$(RMAPBENCH) report --out '$(or $(OUT),report.html)' $(PAIR)
