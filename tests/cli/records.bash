# SPDX-License-Identifier: GPL-2.0-or-later
# Writes record files for the tests of the analysis, as docs/record-format.md says.
# A test sets RECORD (the file) with new_boot and appends to it.
# shellcheck shell=bash

# new_boot FOLDER LABEL INDEX [MODE CLOCK VIRTUALISATION]: starts the file of one boot, in block INDEX
# of schedule "s" ("-": in no block).
new_boot() {
	local folder=$1 label=$2 index=$3 mode=${4:-time} clock=${5:-host} virtualisation=${6:-kvm}
	local block="{\"schedule\":\"s\",\"index\":$index,\"position\":0}"

	[ "$index" = - ] && block=null && index=$RANDOM$RANDOM
	mkdir -p "$folder/$label/$label-$index"
	RECORD=$folder/$label/$label-$index/0.jsonl
	printf '{"record":"run","schema":1,"tool":"test","label":"%s","boot_id":"%s-%s","block":%s,"kernel":{"release":"6.12-%s","version":"#1","cmdline":"quiet","arch":"x86_64","compiler":"gcc 12","config_hash":"c","config":{"CONFIG_THP":"y"}},"machine":{"cpu":"Test CPU","microcode":"1","cpus":2,"memory_kib":1048576,"page_size":4096,"hostname_hash":"%s","mitigations":{"meltdown":"PTI"}},"topology":{"nodes":[]},"settings":{"thp":"madvise"},"clock":"%s","virtualisation":"%s","mode":"%s","seed":1,"start":"2026-11-22T22:00:00Z","config":{"file":"t.ini","hash":"h"},"primary":[%s],"plan":{"runs":1}}\n' \
		"$label" "$label" "$index" "$block" "$label" "${MACHINE:-aaaaaaaa}" "$clock" \
		"$virtualisation" "$mode" "${PRIMARY:-}" >"$RECORD"
}

# samples WORKLOAD PARAMS PROCESS METRIC KIND UNIT BETTER VALUES [WORK]: of a process that process() commits.
samples() {
	printf '{"record":"samples","workload":"%s","params":%s,"process":%d,"metric":"%s","kind":"%s","unit":"%s","better":"%s","values":[%s]%s}\n' \
		"$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "${9:+,\"work\":[$9]}" >>"$RECORD"
}

# process WORKLOAD PARAMS PROCESS [PASS]
process() {
	printf '{"record":"process","workload":"%s","params":%s,"process":%d,"pass":"%s"}\n' \
		"$1" "$2" "$3" "${4:-time}" >>"$RECORD"
}

# latency WORKLOAD PARAMS METRIC VALUES: a latency of one committed process.
latency() {
	samples "$1" "$2" 0 "$3" latency ns lower "$4"
	process "$1" "$2" 0
}

# slab WORKLOAD PARAMS POINT CACHE DELTA [EXACT OBJECT_SIZE MODEL]
slab() {
	local size=${7:-104}

	printf '{"record":"slab","workload":"%s","params":%s,"point":"%s","cache":"%s","objects":%d,"delta":%d,"repeats":[%d,%d],"control":0,"exact":%s,"inexact_because":%s,"aliases":[],"object_size":%d,"slab_size":%d,"slabs":1,"slab_bytes":4096,"slab_bytes_delta":%d,"model":%s}\n' \
		"$1" "$2" "$3" "$4" $((1000 + $5)) "$5" "$5" "$5" "${6:-true}" \
		"$([ "${6:-true}" = true ] && echo null || echo '"merged"')" "$size" $((size + 8)) \
		$((($5 * size / 4096 + 1) * 4096)) "${8:-null}" >>"$RECORD"
}

record() {
	printf '%s\n' "$1" >>"$RECORD"
}

end() {
	record '{"record":"end","status":0,"runs":1,"skipped":0,"invalid":0,"elapsed_ns":1}'
}

# sweep_results FOLDER LABEL PERCENT [BOOTS]: fork/vmas and fork/wide with slab counts and a time line; PERCENT is how
# long forks take beside the base.
sweep_results() {
	local folder=$1 label=$2 percent=$3 boots=${4:-4} b v n i values

	RANDOM=$((percent + boots))
	for ((b = 0; b < boots; b++)); do
		new_boot "$folder" "$label" "$b"
		for v in 1 4 16 64 256 1024 4096; do
			values=
			for ((i = 0; i < 120; i++)); do
				n=$(((50000 + 950 * v) * percent / 100))
				n=$((n + n * (RANDOM % 60 + b * 7) / 1000 + (RANDOM % 20 == 0) * n / 2))
				values+=${values:+,}$n
			done
			latency fork/vmas "{\"vmas\":$v,\"spread\":1}" fork "$values"
			latency fork/vmas "{\"vmas\":$v,\"spread\":1}" fork_to_reaped "$values"
		done
		for n in 1 4 16 64 256; do
			latency fork/wide "{\"children\":$n,\"vmas\":16}" last "$((60000 + n * 20 + b * 300)),$((61000 + n * 22)),$((59000 + n * 21 + b * 100))"
			slab fork/wide "{\"children\":$n,\"vmas\":16}" held anon_vma \
				$((percent < 100 ? 16 : 16 + n * 21)) true 104 $((16 + n * 21))
			slab fork/wide "{\"children\":$n,\"vmas\":16}" held anon_vma_chain \
				$((16 + 2 * n * 21)) true 64 $((16 + 2 * n * 21))
			slab fork/wide "{\"children\":$n,\"vmas\":16}" after anon_vma 0
		done
		printf '{"record":"timeline","workload":"fork/wide","params":{"children":256,"vmas":16},"process":0,"hz":100,"ms":[0,10,20,30,40,50,60],"objects":{"anon_vma":[900,930,2500,4000,%d,4100,950]}}\n' \
			$((5000 * percent / 100)) >>"$RECORD"
		process fork/wide '{"children":256,"vmas":16}' 0 warmup
		end
	done
}
