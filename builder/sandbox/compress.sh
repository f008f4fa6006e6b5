#!/bin/sh
# In the toolbox: compresses blocks, each by itself, on all processors. usage: compress.sh RAW OUT LEVEL BLOCK_BYTES
# $WORK/blocks lists "INDEX SHA256"; each becomes OUT/SHA256.xz, under its name only when it is whole, and a line on stderr.
set -eu

main() {
	export RAW="$1" OUT="$2" LEVEL="$3" BLOCK="$4"
	# shellcheck disable=SC2016 # expanded by the shell of each block
	xargs --max-lines=1 --max-procs="$(nproc)" sh -ec '
		dd if="$RAW" bs="$BLOCK" skip="$1" count=1 status=none | xz --format=xz --check=crc32 "-$LEVEL" --threads=1 --stdout >"$OUT/$2.xz.part"
		mv "$OUT/$2.xz.part" "$OUT/$2.xz"
		echo "$2" >&2
	' compress <"$WORK/blocks"
}

main "$@"
