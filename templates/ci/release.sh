#!/bin/sh
# What CI does, the same on every forge and by hand. Made by "semeur init --ci", and yours from then on.
#   ci/release.sh check           what is wrong in the workspace, as JSON
#   ci/release.sh build <KEY      release/PROFILE for each profile, not signed yet; the seed key's private half, for a boot of each image
#   ci/release.sh sign <KEY       signs them, and verifies each; the release key
#   ci/release.sh publish <KEY    copies release/ to SEMEUR_PUBLISH_TO (user@host:folder) by rsync; the key of that user
# Keys come on standard input: never in argv, and no command that has one is echoed. It wants SEMEUR_URL and SEMEUR_COMMIT in the environment.
set -eu

main() {
	cd "$(dirname -- "$0")/.."
	case ${1:-} in
	check | build | sign | publish) ;;
	*) fail "which of check, build, sign and publish?" "see the first lines of ci/release.sh" ;;
	esac
	# In the workspace, since forges keep and pass on only what lies there.
	export XDG_CACHE_HOME="$PWD/.cache"
	# Git mistrusts a folder of another user, as a container sees the runner's.
	export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="$PWD"
	"$1"
}

check() {
	fetch_semeur
	ci/.semeur/semeur check --json
}

build() {
	fetch_semeur
	install_programs build try
	ci/.semeur/semeur check --json </dev/null
	lay_seed_key
	rm -rf release
	mkdir release
	for file in profiles/*.yaml; do
		profile=$(basename "$file" .yaml)
		# Without it, today's packages would be taken, which nobody tried.
		[ -e "profiles/$profile.lock" ] || fail "profiles/$profile.lock is missing" "semeur profile build $profile, then commit the lock"
		# shellcheck disable=SC2086 # one option or none
		ci/.semeur/semeur release "$profile" --out "release/$profile" --unsigned $boot </dev/null
		# Cards made from it must take the seeds that the operator signs.
		tar --extract --to-stdout --file "release/$profile/workspace.tar" secrets/seed_key.pub | cmp ci/seed_key.pub
	done
}

# All that comes from elsewhere is here and has run before the key is. Whose signature counts is in the repository, not with the secret.
sign() {
	[ -e release.pub ] || fail "release.pub is missing" "cp secrets/release_key.pub release.pub, then commit it: it is public, and each release is verified with it"
	fetch_semeur
	ci/.semeur/semeur --help </dev/null >/dev/null
	take_key "set SEMEUR_RELEASE_KEY for the protected step alone"
	for folder in release/*; do
		ci/.semeur/semeur release sign "$folder" --key "$key" </dev/null
		ci/.semeur/semeur release verify "$folder" </dev/null
	done
}

publish() {
	take_key "set SEMEUR_PUBLISH_KEY for the protected step alone"
	known=$private/known_hosts
	printf '%s\n' "${SEMEUR_PUBLISH_HOST:?is what ssh-keyscan says of the web server}" >"$known"
	rsync --recursive --times --chmod=D755,F644 --delay-updates --rsh="ssh -i $key -o UserKnownHostsFile=$known -o BatchMode=yes" \
		release/ "${SEMEUR_PUBLISH_TO:?is user@host:folder of the web server}" </dev/null
}

# Semeur at the commit that the workspace names; what it makes is none of the workspace's own files.
fetch_semeur() {
	exclude=$(git rev-parse --git-path info/exclude)
	mkdir -p "$(dirname "$exclude")"
	for path in /.cache/ /ci/.semeur/ /release/; do
		grep -qxF "$path" "$exclude" 2>/dev/null || echo "$path" >>"$exclude"
	done
	[ ! -d ci/.semeur/.git ] || [ "$(git -C ci/.semeur rev-parse HEAD)" != "$SEMEUR_COMMIT" ] || return 0
	rm -rf ci/.semeur
	git init --quiet ci/.semeur
	git -C ci/.semeur fetch --quiet --depth 1 "$SEMEUR_URL" "$SEMEUR_COMMIT"
	git -C ci/.semeur checkout --quiet --detach FETCH_HEAD
}

# Debian packages, for each of these purposes. Whoever runs it by hand and is no root is told the line by Semeur itself.
install_programs() {
	[ "$(id -u)" = 0 ] || return 0
	for purpose in "$@"; do
		missing=$(sh ci/.semeur/builder/house/missing-packages.sh "$purpose")
		# shellcheck disable=SC2086 # a list of package names
		[ -z "$missing" ] || DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing </dev/null
	done
}

# The public half is part of every image. The private half signs the seed that the boot test plants: without it there is no such test.
# What lies here is this program's, and goes with it; the secrets/ of somebody who runs it by hand stay as they are.
lay_seed_key() {
	[ -e ci/seed_key.pub ] || fail "ci/seed_key.pub is missing" "cp secrets/seed_key.pub ci/, then commit it: it is public"
	boot=
	[ ! -e secrets ] || return 0
	remove_at_end secrets
	mkdir -m 700 secrets
	cp ci/seed_key.pub secrets/seed_key.pub
	(umask 077 && cat >secrets/seed_key)
	grep -q 'PRIVATE KEY' secrets/seed_key || {
		echo "ci/release.sh: no seed key, so no image is booted" >&2
		rm secrets/seed_key
		boot=--no-boot
	}
}

# The key of standard input, in a file for us alone.
take_key() {
	private=$(mktemp -d)
	remove_at_end "$private"
	key=$private/key
	(umask 077 && cat >"$key")
	grep -q 'PRIVATE KEY' "$key" || fail "there is no private key on standard input" "$1"
}

# However this program ends.
remove_at_end() {
	secret=$1
	trap 'rm -rf "$secret"' EXIT
	trap 'exit 130' INT TERM
}

fail() {
	printf 'ci/release.sh: %s\n  → %s\n' "$1" "$2" >&2
	exit 1
}

main "$@"
