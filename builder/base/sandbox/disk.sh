#!/bin/sh
# In the toolbox: writes $WORK/disk.img from SYSTEM/root.tar, SYSTEM/boot.tar (system.sh), $WORK/layer.tar and $WORK/layer-boot/, mounting nothing.
# usage: disk.sh SYSTEM UUID FAT_ID DISK_ID BOOT_MIB ROOT_BLOCKS. Leaves $WORK/journal: the extents of the ext4 journal, as debugfs prints them.
set -eu

ALIGN_MIB=8

main() {
	system=$1 uuid=$2 fat_id=$3 disk_id=$4 boot_mib=$5 root_blocks=$6
	make_boot "$system/boot.tar" "$fat_id" "$boot_mib"
	make_root "$system/root.tar" "$uuid" "$root_blocks"
	assemble "$disk_id" "$boot_mib"
	debugfs -R 'dump_extents <8>' "$WORK/root.ext4" >"$WORK/journal" 2>/dev/null
}

make_boot() {
	mkdir "$WORK/boot"
	tar --extract --file "$1" --directory "$WORK/boot" --no-same-owner
	cp -r "$WORK/layer-boot/." "$WORK/boot/"
	truncate --size "$3M" "$WORK/boot.fat"
	# --invariant must stand before -i: after it, the id is silently ignored.
	mkfs.vfat --invariant -F 32 -s 1 -n bootfs -i "$2" "$WORK/boot.fat" >/dev/null
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
	truncate --size "$(($3 * 4096))" "$WORK/root.ext4"
	tar_bytes=$(stat --format %s "$1")
	# C.UTF-8: in plain C libarchive refuses the accents in names of certificates.
	# Everything that mke2fs would take from the machine that builds is said: block size, features, whether inode tables are zeroed.
	{
		head --bytes "$((tar_bytes - 1024))" "$1"
		cat "$WORK/layer.tar"
	} | LC_ALL=C.UTF-8 mke2fs -q -t ext4 -b 4096 -I 256 -i 16384 -J size=16 -m 1 -L rootfs -U "$2" \
		-O '^64bit,^huge_file,^orphan_file,^metadata_csum_seed' \
		-E "hash_seed=$2,root_owner=0:0,lazy_itable_init=1,lazy_journal_init=0" -d - "$WORK/root.ext4"
}

assemble() {
	boot_sectors=$(($2 * 2048)) start=$((ALIGN_MIB * 2048))
	root_start=$((start + boot_sectors))
	root_sectors=$(($(stat --format %s "$WORK/root.ext4") / 512))
	truncate --size "$(((root_start + root_sectors) * 512))" "$WORK/disk.img"
	sfdisk --quiet --no-reread --no-tell-kernel "$WORK/disk.img" <<-END
		label: dos
		label-id: $1
		start=$start, size=$boot_sectors, type=c, bootable
		start=$root_start, size=$root_sectors, type=83
	END
	dd if="$WORK/boot.fat" of="$WORK/disk.img" bs=1M seek="$ALIGN_MIB" conv=notrunc,sparse status=none
	dd if="$WORK/root.ext4" of="$WORK/disk.img" bs=1M seek="$((ALIGN_MIB + $2))" conv=notrunc,sparse status=none
}

main "$@"
