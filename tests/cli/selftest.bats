#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench selftest: is counting exact here?
# shellcheck disable=SC2154

load helpers

@test "selftest: plants VMAs, counts them, and says of every cache how well" {
	needs_root
	run "$RMAPBENCH" selftest
	# On a busy host repeats may differ: then it says so and fails.
	[ "$status" -eq 0 ] || [ "$status" -eq 1 ]
	says "counting is"
	for cache in vm_area_struct anon_vma anon_vma_chain; do
		[[ $(grep "^$cache " <<<"$output") =~ (exact: [0-9.]+ a VMA|merged|repeats differ|control drifts|never settled)$ ]] || {
			echo "$output"
			return 1
		}
	done
	silent_on FAILED
	if [ "$status" -eq 0 ]; then
		# The planter may map a little besides; each planted VMA is one object more, and none is left.
		read -r _ one two left exact <<<"$(grep '^vm_area_struct ' <<<"$output")"
		[ $((two - one)) -eq 500 ]
		[ "$left $exact" = "0 exact: 1.00 a VMA" ]
	else
		says "counting is not exact here"
	fi
}

@test "selftest: takes no arguments, and names what is missing" {
	run "$RMAPBENCH" selftest x
	left_with 2
	use_fakes good
	run "$RMAPBENCH" selftest
	left_with 1
	says "is missing; build it with 'make'"
}

@test "selftest: without root it says that counting needs it" {
	needs_root
	home=$(mktemp -d)
	chmod 755 "$home"
	cp "$RMAPBENCH" "$home"
	cp -r "$WORKLOADS" "$home/workloads"
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$home/rmapbench" selftest
	rm -rf "$home"
	left_with 1
	says "root needed"
}
