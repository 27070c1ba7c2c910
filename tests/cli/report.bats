#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench report: one page that needs nothing else, in which no record is markup.
# shellcheck disable=SC2030,SC2031,SC2154,SC2034

load workloads
load records

setup() {
	R=$BATS_TEST_TMPDIR/results
	PAGE=$BATS_TEST_TMPDIR/page.html
}

report() {
	run "$BUILD/rmapbench" report --results "$R" --out "$PAGE" "$@"
}

# shows TEXT: the page has it.
shows() {
	grep -qF -- "$1" "$PAGE" && return
	printf 'no "%s" in the page\n' "$1"
	return 1
}

# lacks REGEX: no line of the page matches.
lacks() {
	local found
	found=$(grep -oE -- "$1" "$PAGE" | head -n 3)
	[ -z "$found" ] && return
	printf '"%s" in the page:\n%s\n' "$1" "$found"
	return 1
}

# timed LABEL PERCENT: three boots with a small sweep, slab counts and a time line.
timed() {
	local b v
	for b in 0 1 2; do
		new_boot "$R" "$1" $b
		for v in 1 16; do
			latency fork/vmas "{\"vmas\":$v}" fork "$((v * 1000 * $2 / 100 + b * 10)),$((v * 1010 * $2 / 100))"
			slab fork/vmas "{\"vmas\":$v}" held anon_vma $((v * 2)) true 104 $((v * 2))
		done
		printf '{"record":"timeline","workload":"fork/vmas","params":{"vmas":16},"process":0,"hz":100,"ms":[0,10,20],"objects":{"anon_vma":[900,930,910]}}\n' >>"$RECORD"
		process fork/vmas '{"vmas":16}' 0 warmup
		end
	done
}

needs_browser() {
	BROWSER=$(command -v chromium || command -v chromium-headless-shell) || skip "no chromium (make deps GROUPS=test)"
}

# outcome SCRIPT: what a browser makes of the page and a script behind it that sets document.body.id.
outcome() {
	local file=$BATS_TEST_TMPDIR/tried.html
	{
		cat "$PAGE"
		printf '<script>%s</script>\n' "$1"
	} >"$file"
	"$BROWSER" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --user-data-dir="$BATS_TEST_TMPDIR/profile" \
		--window-size="${WIDTH:-1280},800" --dump-dom "file://$file" 2>"$BATS_TEST_TMPDIR/browser" |
		sed -n 's/.*<body id="\([^"]*\)".*/\1/p'
}

@test "report: a page with each figure that compare has, each kind of picture, and each part" {
	local n
	timed base 100
	timed new 90
	report base new
	left_with 0
	says "report: $PAGE"
	n=$("$BUILD/rmapbench" compare --results "$R" --format json base new | jq '.metrics | length')
	[ "$n" -ge 10 ]
	[ "$(grep -c '^<tr data-verdict=' "$PAGE")" -eq "$n" ]
	shows "fork/vmas: fork, "
	shows "distribution of operations"
	shows "anon_vma while held"
	shows "anon_vma in use while it runs"
	shows "fork, 3 blocks"
	for n in figures pictures environment boots troubles log; do
		shows "<h2 id=\"$n\">"
		shows "href=\"#$n\""
	done
	[ "$(head -c 15 "$PAGE")" = "<!DOCTYPE html>" ]
	[ "$(tail -n 1 "$PAGE")" = "</html>" ]
}

@test "report: three kernels, each with its rows" {
	timed base 100
	timed off 100
	timed on 90
	report base off on
	left_with 0
	[ "$(grep -c 'data-kernel="off"' "$PAGE")" -ge 10 ]
	[ "$(grep -c 'data-kernel="on"' "$PAGE")" -ge 10 ]
}

@test "report: nothing is fetched, every id is there once, every reference has its target" {
	timed base 100
	timed new 90
	report base new
	lacks '<(link|img|iframe|object|embed|base|meta http)[^>]*'
	lacks '(src|href|xlink:href|action)=["'\''][^#"'\''][^"'\'']*'
	lacks '@import|url\([^#]'
	lacks 'https?://[^" <]*'
	run bash -c "grep -oE \" id=[\\\"'][^\\\"']+\" '$PAGE' | tr \"'\" '\"' | sort | uniq -d"
	[ -z "$output" ]
	while read -r target; do
		grep -qE " id=[\"']${target}[\"']" "$PAGE" || { echo "no id $target" && return 1; }
	done < <(grep -oE "href=[\"']#[^\"']+" "$PAGE" | sed 's/.*#//' | sort -u)
}

@test "report: what records say is never markup" {
	local f hostile='<script>alert(1)</script><img src=x onerror=alert(2)>"'"'"' &lt;'
	timed base 100
	timed evil 90
	for f in "$R"/evil/*/0.jsonl; do
		jq -c --arg h "$hostile" 'if .record == "run" then .label = $h | .kernel.cmdline = $h
			elif .record == "end" then
				{record: "invalid", workload: ("w/" + $h), params: {}, process: 0, pass: "time", reason: ("r " + $h)},
				{record: "kernel_log", workload: "fork/x", params: {}, lines: ["BUG: " + $h]}, .
			else . end' "$f" >"$f.new"
		mv "$f.new" "$f"
	done
	report base evil
	left_with 0
	shows '&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;&quot;&#39; &amp;lt;'
	shows 'r &lt;script&gt;'
	shows 'BUG: &lt;script&gt;'
	lacks '.{20}<(script>a|img)'
	[ "$(grep -c '<script>' "$PAGE")" -eq 1 ]
}

@test "report: kernel messages, failed boots, skips and differences are all there" {
	timed base 100
	timed new 90
	new_boot "$R" new 7
	record '{"record":"skip","workload":"migrate/mbind","params":{},"reason":"needs 2 nodes","need":"nodes"}'
	record '{"record":"kernel_log","workload":"thp/split","params":{},"lines":["WARNING: mm/rmap.c:42","Call Trace:"]}'
	record '{"record":"boot_failed","label":"new","boot_id":"new-7","block":{"schedule":"s","index":7},"outcome":"panic","workload":"fork/storm","lines":["Kernel panic - not syncing"]}'
	sed -i 's/"thp":"madvise"/"thp":"always"/' "$R"/new/*/0.jsonl
	report --accept settings base new
	left_with 0
	shows "panic in fork/storm"
	shows "Kernel panic - not syncing"
	shows "WARNING: mm/rmap.c:42"
	shows "Call Trace:"
	shows "needs 2 nodes"
	shows '<tr><th scope="row">settings.thp</th><td><span class="differs">differs</span></td><td class="w">madvise</td><td class="w">always</td></tr>'
}

@test "report: options of the kernel config that differ are named" {
	timed base 100
	timed new 90
	sed -i 's/"CONFIG_THP":"y"/"CONFIG_THP":"y","CONFIG_NEW":"m"/; s/"config_hash":"c"/"config_hash":"d"/' "$R"/new/*/0.jsonl
	report --accept config base new
	left_with 0
	shows "CONFIG_NEW: not set | m"
}

@test "report: the page says with which words it is filtered, and is whole without its script" {
	timed base 100
	timed new 90
	report base new
	shows '<form class="controls" id="controls" hidden>'
	shows '<meta name="viewport" content="width=device-width, initial-scale=1">'
	shows 'prefers-color-scheme: dark'
	shows '@media print'
	lacks '<tr[^>]* hidden'
}

@test "report: in a browser the table sorts and filters" {
	needs_browser
	timed base 100
	timed new 90
	report base new
	run outcome 'const t = document.getElementById("verdicts"), h = [...t.tHead.rows[0].cells].findIndex(c => c.textContent.startsWith("new"));
		const v = () => [...t.tBodies[0].rows].map(r => r.cells[h].dataset.v).filter(x => x !== "").map(Number);
		const b = t.tHead.rows[0].cells[h].querySelector("button");
		b.click(); const up = v().every((x, i, a) => !i || a[i - 1] <= x);
		b.click(); const down = v().every((x, i, a) => !i || a[i - 1] >= x);
		const w = document.getElementById("words"); w.value = "fork p99 nothing"; w.dispatchEvent(new Event("input", {bubbles: true}));
		const none = [...t.tBodies[0].rows].every(r => r.hidden);
		w.value = "vmas=16 held, objects"; w.dispatchEvent(new Event("input", {bubbles: true}));
		document.body.id = [up, down, none, [...t.tBodies[0].rows].filter(r => !r.hidden).length, t.tHead.rows[0].cells[h].ariaSort].join(" ");'
	[ "$output" = "true true true 1 descending" ] || { echo "$output" && return 1; }
}

@test "report: in a browser no page is wider than its window, down to 500 pixels" {
	needs_browser
	timed base 100
	timed "a-label-that-is-long-$(printf 'x%.0s' {1..80})" 90
	report base "a-label-that-is-long-$(printf 'x%.0s' {1..80})"
	WIDTH=500
	run outcome 'document.body.id = document.documentElement.scrollWidth <= innerWidth'
	[ "$output" = true ] || { echo "$output" && return 1; }
}

@test "report: without gnuplot there is an error and no page" {
	timed base 100
	timed new 90
	mkdir "$BATS_TEST_TMPDIR/empty"
	PATH=$BATS_TEST_TMPDIR/empty run "$BUILD/rmapbench" report --results "$R" --out "$PAGE" base new
	left_with 1
	says "cannot start gnuplot"
	[ ! -e "$PAGE" ]
	[ ! -e "$PAGE.part" ]
}

@test "report: a page that cannot be written is named, wrong calls say what is allowed" {
	timed base 100
	timed new 90
	PAGE=$BATS_TEST_TMPDIR/none/page.html
	report base new
	left_with 1
	says "none/page.html': No such file or directory; --out names another file"
	report base
	left_with 2
	says "report needs two results at least"
	report --margin x base new
	left_with 2
	says "give a share above 0"
	report --accept x base new
	left_with 2
	says "allowed are"
	report base nothing
	left_with 2
	says "'nothing' is no label, folder or file"
}
