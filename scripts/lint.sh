#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# clang-format, shellcheck, cppcheck and SPDX lines over what git tracks. Status 1 if any complains.
set -u
cd "$(dirname "$0")/.." || exit 1
status=0
sources=$(git ls-files '*.c' '*.h')
scripts=$(git ls-files '*.sh' '.ci/run')
tests=$(git ls-files '*.bats' '*.bash')

# shellcheck disable=SC2086 # lists of names without blanks
{
	clang-format --dry-run --Werror $sources || status=1
	shellcheck $scripts || status=1
	[ -z "$tests" ] || shellcheck --shell=bats $tests || status=1
	# The two marks of a linker section are one array.
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability -j 2 \
		--suppress=missingIncludeSystem --suppress=comparePointers --suppress=subtractPointers \
		--inline-suppr -I. -Ilib -Ibuild \
		--library=scripts/cppcheck.cfg \
		$sources || status=1
	for file in $sources $scripts; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || {
			echo "$file: no SPDX line at its top"
			status=1
		}
	done
}
[ $status -ne 0 ] || echo "lint: clean"
exit $status
