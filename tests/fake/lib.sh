# SPDX-License-Identifier: GPL-2.0-or-later
# What the fake workloads share. A fake names its parameters in $params if it has any, sources this,
# and misbehaves. It is started as workloads/protocol.h tells; the file `build` beside it, which the
# tests write, says where the tool is that speaks for it.
# shellcheck shell=bash

# params, control, samples, capacity, pass, gate and which are for the fakes.
# shellcheck disable=SC2034
{
	params=${params:-}
	read -r talk <"${0%/*}/build"
	talk=$talk/talk
	control='' samples='' capacity='' pass='' gate='' which=''
}

case ${1:-} in
--describe)
	printf '{"workload":"fake/%s","summary":"a fake for the tests","drives":"nothing","params":[%s],' "${0##*/}" "$params"
	printf '"metrics":[{"name":"took","unit":"ns","kind":"latency","better":"lower","help":"made up"}],'
	printf '"evidence":[{"counter":"work:operations","relation":"==","work":"operations","factor":1,'
	printf '"may_be_zero":false,"from":"before","to":"before","why":"it did its work"}],'
	printf '"works":["operations"],"needs":[],"cpus":"one","samples":3}\n'
	exit 0
	;;
--check) exit 0 ;;
esac

while [ $# -gt 1 ]; do
	case $1 in
	--control-fd) control=$2 ;;
	--samples-fd) samples=$2 ;;
	--samples) capacity=$2 ;;
	--pass) pass=$2 ;;
	--gate) gate=$2 ;;
	--which) which=$2 ;;
	esac
	shift 2
done

say() { "$talk" say "$control" "$@"; }

take_samples() { "$talk" samples "$samples" "$capacity" 100 200 300; }

# evidence SEEN HELD
evidence() {
	local when=time

	[ "$pass" = time ] || when=count
	say "{\"evidence\":{\"pass\":\"$when\",\"counter\":\"work:operations\",\"relation\":\"==\",\"wanted\":3,\"from\":\"before\",\"to\":\"before\",\"seen\":$1,\"held\":$2,\"why\":\"it did its work\"}}"
}

finish() { say '{"done":{"work":{"operations":3},"vmas":1,"elapsed_ns":600}}'; }

# All that a workload has to do, up to its last packet.
behave() {
	[ "$pass" = time ] || "$talk" hold "$control" before populated held after
	take_samples
	evidence 3 true
	finish
}
