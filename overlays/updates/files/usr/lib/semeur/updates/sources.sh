# shellcheck shell=sh
# Where security updates come from. Sourced by the programs of this overlay.

# security_sources: lines of sources.list(5), of the archive that the client's settings name, else of those of the card's own sources that have security updates.
security_sources() {
	archive=$(sed -n 's/^archive //p' "${ROOT:-}/etc/semeur/updates.conf")
	if [ -n "$archive" ]; then
		suite=$(sed -n 's/^VERSION_CODENAME=//p' "${ROOT:-}/etc/os-release")
		echo "deb $archive $suite-security main non-free-firmware"
		return
	fi
	# apt itself reads them, in whichever form they are. A field that a source hasn't got comes out as it went in.
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(RELEASE)	$(REPO_URI)	$(COMPONENT)	$(SIGNED_BY)' 'Created-By: Packages' | awk -F '	' '
		$1 ~ /-security$/ { print "deb " ($4 ~ /^\// ? "[signed-by=" $4 "] " : "") $2 " " $1 " " $3 }' | sort -u
}
