#!/bin/sh
# In the toolbox: writes $WORK/disk.img from SYSTEM/root.tar, SYSTEM/boot.tar (system.sh), $WORK/layer.tar and $WORK/layer-boot/, mounting nothing.
# usage: disk.sh SYSTEM. $WORK/layout says how it is laid out (disk.ts writes it; sizes in bytes).
# $WORK/trees names, a line each, tars of containers' file systems, $WORK/above.tar has the folders above them.
# $WORK/left-out names, a line each, what of boot.tar stays away. Leaves $WORK/journal: the extents of the ext4 journal, as debugfs prints them.
# shellcheck disable=SC2154 # what $WORK/layout assigns
set -eu

main() {
	# shellcheck source=/dev/null
	. "$WORK/layout"
	make_boot "$1/boot.tar"
	make_root "$1/root.tar"
	assemble
	debugfs -R 'dump_extents <8>' "$WORK/root.ext4" >"$WORK/journal" 2>/dev/null
}

make_boot() {
	mkdir "$WORK/boot"
	tar --extract --file "$1" --directory "$WORK/boot" --no-same-owner
	while read -r name; do rm "$WORK/boot/$name"; done <"$WORK/left-out"
	cp -r "$WORK/layer-boot/." "$WORK/boot/"
	truncate --size "$boot_bytes" "$WORK/boot.fat"
	# --invariant must stand before -i: after it, the id is silently ignored.
	mkfs.vfat --invariant -F 32 -s "$boot_cluster" -n "$boot_label" -i "$boot_id" "$WORK/boot.fat" >/dev/null
	find "$WORK/boot" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
	# One by one and sorted: mcopy -s follows the order of readdir.
	(cd "$WORK/boot" && find . -mindepth 1 -type d | sort) | while read -r folder; do
		mmd -i "$WORK/boot.fat" "::${folder#.}"
	done
	(cd "$WORK/boot" && find . -type f | sort) | while read -r file; do
		mcopy -m -i "$WORK/boot.fat" "$WORK/boot/$file" "::${file#.}"
	done
}

make_root() {
	truncate --size "$root_bytes" "$WORK/root.ext4"
	# C.UTF-8: in plain C libarchive refuses the accents in names of certificates.
	# Everything that mke2fs would take from the machine that builds is said: block size, features, whether inode tables are zeroed.
	{
		without_end "$1"
		without_end "$WORK/above.tar"
		while read -r tree; do without_end "$tree"; done <"$WORK/trees"
		cat "$WORK/layer.tar"
	} | LC_ALL=C.UTF-8 mke2fs -q -t ext4 -b 4096 -I 256 -i 16384 -J size=16 -m 1 -L "$root_label" -U "$root_uuid" \
		-O "$root_features" \
		-E "hash_seed=$root_hash_seed,root_owner=0:0,lazy_itable_init=1,lazy_journal_init=0" -d - "$WORK/root.ext4"
	set_attributes
}

# Two zero blocks end a tar; another follows this one.
without_end() {
	head --bytes "$(($(stat --format %s "$1") - 1024))" "$1"
}

# mke2fs takes capabilities out of a tar, and no other attribute.
set_attributes() {
	[ -s "$WORK/attributes/commands" ] || return 0
	E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH debugfs -w -f "$WORK/attributes/commands" "$WORK/root.ext4" >/dev/null 2>"$WORK/attributes/said"
	! grep -v '^debugfs ' "$WORK/attributes/said" >&2 || exit 1
}

assemble() {
	truncate --size "$((root_start + root_bytes))" "$WORK/disk.img"
	sfdisk --quiet --no-reread --no-tell-kernel "$WORK/disk.img" <<-END
		label: dos
		label-id: $disk_id
		start=$((boot_start / 512)), size=$((boot_bytes / 512)), type=c$boot_flag
		start=$((root_start / 512)), size=$((root_bytes / 512)), type=83
	END
	dd if="$WORK/boot.fat" of="$WORK/disk.img" bs=1M seek="$boot_start" oflag=seek_bytes conv=notrunc,sparse status=none
	dd if="$WORK/root.ext4" of="$WORK/disk.img" bs=1M seek="$root_start" oflag=seek_bytes conv=notrunc,sparse status=none
}

main "$@"
