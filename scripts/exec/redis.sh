#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# redis-server takes a snapshot by fork (BGSAVE) while clients write.
# scripts/exec/redis.sh [KEYS] [REQUESTS]; status 0 if the snapshot was saved and all keys are there.
set -eu
keys=${1:-50000}
requests=${2:-100000}

for number in "$keys" "$requests"; do
	case $number in
	'' | *[!0-9]*) echo "redis.sh: '$number' is no whole number" >&2; exit 2 ;;
	esac
done
for program in redis-server redis-cli redis-benchmark; do
	command -v $program > /dev/null || {
		echo "redis.sh: no $program here: make deps GROUPS=exec" >&2
		exit 1
	}
done

folder=$(mktemp -d)
socket=$folder/redis.sock
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || :; rm -rf "$folder"' EXIT
redis-server --port 0 --unixsocket "$socket" --dir "$folder" --save '' --appendonly no \
	--loglevel warning > "$folder/log" 2>&1 &
server=$!
ask() { redis-cli -s "$socket" "$@"; }

tries=0
until [ "$(ask ping 2> /dev/null)" = PONG ]; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ] || ! kill -0 $server 2> /dev/null; then
		echo "redis.sh: redis-server does not answer" >&2
		cat "$folder/log" >&2
		exit 1
	fi
	sleep 0.1
done

ask eval 'for i = 1, ARGV[1] do redis.call("set", "old:" .. i, string.rep("x", 512)) end' 0 "$keys" \
	> /dev/null
ask bgsave > /dev/null
redis-benchmark -s "$socket" -q -t set -d 512 -n "$requests" -r "$keys" > /dev/null
while [ "$(ask info persistence | tr -d '\r' | sed -n 's/^rdb_bgsave_in_progress://p')" != 0 ]; do
	sleep 0.05
done
saved=$(ask info persistence | tr -d '\r' | sed -n 's/^rdb_last_bgsave_status://p')
size=$(ask dbsize)
ask shutdown nosave > /dev/null 2>&1 || :
wait "$server" || :
server=
if [ "$saved" != ok ] || [ ! -s "$folder/dump.rdb" ] || [ "$size" -lt "$keys" ]; then
	echo "redis.sh: BGSAVE '$saved', $size of $keys keys" >&2
	exit 1
fi
