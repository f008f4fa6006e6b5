# shellcheck shell=sh
# Where seeds may lie, and what they say of themselves before anyone has checked them. Sourced by the steps.

# Seeds that were dropped there, one path a line, whatever name the browser gave them.
dropped_seeds() {
	for dropped in "${ROOT:-}/boot/firmware"/*; do
		case ${dropped##*/} in
		[Ss][Ee][Mm][Ee][Uu][Rr]*.[Ss][Ee][Ee][Dd] | [Ss][Ee][Mm][Ee][Uu][Rr]*.[Ss][Ee][Ee][Dd].[Tt][Xx][Tt]) printf '%s\n' "$dropped" ;;
		esac
	done
}

# has_seed FILE OFFSET: does a seed's first line stand there?
has_seed() {
	[ "$(dd if="$1" bs=4096 skip="$(($2 / 4096))" count=1 status=none | head -n 1 | tr -d '\000')" = 'SEMEUR-SEED 1' ]
}

# The generation that a seed's header claims; 0 when it is no seed, or nothing is there.
generation_of() {
	generation=$(head -c 4096 "$1" 2>/dev/null | tr -d '\000' | sed -n '1{/^SEMEUR-SEED 1$/!q};s/^generation \([1-9][0-9]\{0,8\}\)$/\1/p;4q')
	echo "${generation:-0}"
}

# Does the staged seed say where home is? 10-seed leaves that note, since the enrolment's secrets are only ever in /run.
asks_enrolment() {
	[ -e "${ROOT:-}/var/lib/semeur/seed/enrols" ]
}
