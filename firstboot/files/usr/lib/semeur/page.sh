# shellcheck shell=sh
# The status page's HTML. Sourced by the page's CGI, with page-words.sh, which has the words in French and in English.

load_facts() {
	facts="${ROOT:-}/run/semeur/status"
	[ -s "$facts" ] && language=$(fact language)
}

# fact NAME: from the status file, as HTML text; one value a line.
fact() {
	sed -n "s/^$1 //p" "$facts" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

page() {
	cat <<-END
		<!doctype html>
		<html lang="$language">
		<head>
		<meta charset="utf-8">
		<meta name="viewport" content="width=device-width, initial-scale=1">
		<title>$(word_state), $(fact host)</title>
		<link rel="stylesheet" href="/style.css">
		</head>
		<body>
		<header><p>Semeur</p></header>
		<main>
		<h1>$(fact host)$(either ' :' :) <span class="$(fact state)">$(word_state)</span></h1>
		$(word_said "${said:-}" | sed 's|.*|<p role="status" class="said">&</p>|')
		<p>$(word_since "$(moment "$(fact since)")")</p>
		<p>$(last_call)</p>
		$(messages)
		$(services)
		<h2>$(word_rights_title)</h2>
		<ul>
		$(word_rights | sed 's|.*|<li>&</li>|')
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

last_call() {
	called=$(fact last-call)
	if [ -n "$called" ]; then word_called "$(moment "$called")"; else word_never_called; fi
}

messages() {
	case $(fact state) in
	done) return ;;
	away)
		echo "<p>$(word_away)</p>"
		return
		;;
	esac
	echo '<ul class="messages">'
	fact message | sed 's|.*|<li>&</li>|'
	echo '</ul>'
}

# On the front door's port, wherever this page was asked for.
services() {
	[ -n "$(fact service)" ] || return 0
	printf '<h2>%s</h2>\n<ul class="services">\n' "$(word_services_title)"
	fact service | while read -r state place title; do
		echo "<li><a href=\"//$(printf %s "${HTTP_HOST:-}" | sed 's/:[0-9]*$//')/$place/\">$title</a>$([ "$state" = well ] || word_ill)</li>"
	done
	echo '</ul>'
}

visits() {
	if [ -z "$(fact visit)" ]; then
		echo "<p>$(word_no_visit)</p>"
		return
	fi
	echo '<ul>'
	fact visit | while read -r at who; do echo "<li>$(moment "$at")$(either ' :' :) $who</li>"; done
	echo '</ul>'
}

switch_form() {
	want=off
	[ "$(fact remote)" = on ] || want=on
	echo "<p>$(word_remote)</p>"
	if [ -z "$(fact code)" ]; then
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
