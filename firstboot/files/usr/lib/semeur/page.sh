# shellcheck shell=sh
# The status page's HTML. Sourced by the page's CGI, with page-words.sh, which has the words in French and in English.

# A page is a few processes, not one for each word: on the smallest Pi it is slow else.
load_facts() {
	facts=$(sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g' "${ROOT:-}/run/semeur/status" 2>/dev/null) || return 1
	host='' language=fr state=working since=0 last_call='' remote=on code=''
	while read -r name value; do
		case $name in
		host) host=$value ;;
		language) language=$value ;;
		state) state=$value ;;
		since) since=$value ;;
		last-call) last_call=$value ;;
		remote) remote=$value ;;
		code) code=$value ;;
		esac
	done <<-END
		$facts
	END
	[ -n "$host" ]
}

# each NAME: the values of the lines of that name, as HTML text.
each() {
	while read -r name value; do
		[ "$name" != "$1" ] || printf '%s\n' "$value"
	done <<-END
		$facts
	END
}

page() {
	word=$(word_state)
	cat <<-END
		<!doctype html>
		<html lang="$language">
		<head>
		<meta charset="utf-8">
		<meta name="viewport" content="width=device-width, initial-scale=1">
		<title>$word, $host</title>
		<link rel="stylesheet" href="/style.css">
		</head>
		<body>
		<header><p>Semeur</p></header>
		<main>
		<h1>$host$(either ' :' :) <span class="$state">$word</span></h1>
		$(outcome)
		<p>$(word_since "$(moment "$since")")</p>
		<p>$(last_heard)</p>
		$(messages)
		$(services)
		<h2>$(word_rights_title)</h2>
		<ul>
		$(word_rights | items)
		</ul>
		<h2>$(word_visits_title)</h2>
		$(visits)
		<h2>$(word_switch_title)</h2>
		$(switch_form)
		</main>
		</body>
		</html>
	END
}

# moment SECONDS: as people read it, in the card's time zone.
moment() {
	date -d "@$1" "+$(word_moment)"
}

# Each line as an item of a list.
items() {
	while read -r line; do printf '<li>%s</li>\n' "$line"; done
}

# What became of the form that was sent.
outcome() {
	[ -z "${said:-}" ] || printf '<p role="status" class="said">%s</p>\n' "$(word_said "$said")"
}

last_heard() {
	if [ -n "$last_call" ]; then word_called "$(moment "$last_call")"; else word_never_called; fi
}

messages() {
	case $state in
	done) return ;;
	away)
		echo "<p>$(word_away)</p>"
		return
		;;
	esac
	echo '<ul class="messages">'
	each message | items
	echo '</ul>'
}

# On the front door's port, wherever this page was asked for.
services() {
	listed=$(each service)
	[ -n "$listed" ] || return 0
	printf '<h2>%s</h2>\n<ul class="services">\n' "$(word_services_title)"
	while read -r health place title; do
		echo "<li><a href=\"//${asked:?}/$place/\">$title</a>$([ "$health" = well ] || word_ill)</li>"
	done <<-END
		$listed
	END
	echo '</ul>'
}

visits() {
	listed=$(each visit)
	if [ -z "$listed" ]; then
		echo "<p>$(word_no_visit)</p>"
		return
	fi
	echo '<ul>'
	while read -r at who; do echo "<li>$(moment "$at")$(either ' :' :) $who</li>"; done <<-END
		$listed
	END
	echo '</ul>'
}

switch_form() {
	want=off
	[ "$remote" = on ] || want=on
	echo "<p>$(word_remote)</p>"
	if [ -z "$code" ]; then
		echo "<p>$(word_no_code)</p>"
		return
	fi
	cat <<-END
		<form method="post" action="/">
		<input type="hidden" name="token" value="$(form_token 0)">
		<input type="hidden" name="want" value="$want">
		<p><label for="code">$(word_code)</label> <input id="code" name="code" required maxlength="40" autocomplete="off" autocapitalize="characters" spellcheck="false"></p>
		<p><button>$(word_button)</button></p>
		</form>
	END
}
