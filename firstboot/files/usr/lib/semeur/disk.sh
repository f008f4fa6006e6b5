# shellcheck shell=sh
# Where things lie on the disk that holds the root. Sourced by the steps; everything is read anew, since steps change it.

# The folder in sysfs of the root file system's partition.
root_partition() {
	# "36 1 179:2 / / rw,noatime …": the last one mounted on / is what one sees.
	number=$(awk '$5 == "/" { found = $3 } END { print found }' "${ROOT:-}/proc/self/mountinfo")
	readlink -f "${ROOT:-}/sys/dev/block/$number"
}

# The device of a partition or disk: device FOLDER_IN_SYSFS.
device() {
	echo "${ROOT:-}/dev/${1##*/}"
}

# end_of PARTITION: where the kernel has its end, in bytes from the start of the disk. sysfs counts sectors of 512 bytes whatever the disk's own.
end_of() {
	echo $((($(cat "$1/start") + $(cat "$1/size")) * 512))
}

# The value of one line of the profile's facts: profile_fact region-offset.
profile_fact() {
	sed -n "s/^$1 //p" "${ROOT:-}/usr/lib/semeur/profile/seed.conf"
}
