# shellcheck shell=sh
# What the status page says, in the client's language. Sourced by the page's CGI, with page.sh.

# either FRENCH ENGLISH
either() {
	if [ "${language:?}" = en ]; then echo "$2"; else echo "$1"; fi
}

word_moment() { either '%d/%m/%Y à %H h %M' '%-d %B %Y at %H:%M'; }

word_state() {
	case ${state:?} in
	done) either 'tout va bien' 'all is well' ;;
	away) either "n'arrive plus à joindre votre coopérative" "can't reach your co-operative any more" ;;
	needs-help) either 'a besoin de vous' 'needs you' ;;
	*) either "s'installe encore" 'is still setting up' ;;
	esac
}

word_since() { either "C'est ainsi depuis le $1." "It has been so since $1."; }
word_away() {
	either "Ce que la carte offre chez vous continue. Elle réessaie toutes les cinq minutes. Si Internet marche chez vous, vous n'avez rien à faire." \
		"What the card does in your home goes on. It tries again every five minutes. If the internet works in your home, you needn't do anything."
}
word_called() { either "La carte a parlé à votre coopérative le $1 pour la dernière fois." "The card last spoke to your co-operative on $1."; }
word_never_called() { either "La carte n'a pas encore parlé à votre coopérative depuis qu'elle est allumée." "The card has not spoken to your co-operative since it was switched on."; }

word_services_title() { either 'Vos services' 'Your services'; }
word_ill() { either ' : ne répond pas. Votre coopérative le sait, ou le saura dans cinq minutes.' ": does not answer. Your co-operative knows, or will within five minutes."; }

word_rights_title() { either 'Ce que votre coopérative peut faire' 'What your co-operative may do'; }
word_rights() {
	either "Recevoir des nouvelles de la carte : température, place libre, pannes." "Hear how the card is: temperature, free space, faults."
	either "Entrer à distance pour la réparer ou la mettre à jour. Ses membres peuvent alors lire et changer tout ce que la carte contient." \
		"Come in from afar to mend or update it. Its members can then read and change all that is on the card."
	either "Chaque entrée est notée ici par la carte elle-même." "Each time is noted here by the card itself."
}

word_visits_title() { either 'Les dernières entrées à distance' 'The last times they came in'; }
word_no_visit() { either "Personne n'est entré à distance." "Nobody came in from afar."; }

word_switch_title() { either "L'accès à distance" 'Remote access'; }
word_remote() {
	case ${remote:?} in
	on) either "L'accès à distance est ouvert. Vous pouvez le couper : la carte continue alors de servir et de donner de ses nouvelles, mais personne n'y entre plus." \
		"Remote access is on. You can turn it off: the card then goes on serving and telling how it is, but nobody comes in any more." ;;
	*) either "L'accès à distance est coupé. Vous seul pouvez le rouvrir." "Remote access is off. Only you can turn it on again." ;;
	esac
}
word_no_code() { either "Le code qu'il faut pour cela viendra avec votre notice." "The code that this takes will come with your leaflet."; }
word_code() { either 'Le code de votre notice' 'The code on your leaflet'; }
word_button() {
	case ${remote:?} in
	on) either "Couper l'accès à distance" 'Turn remote access off' ;;
	*) either "Rouvrir l'accès à distance" 'Turn remote access on' ;;
	esac
}

# What became of the form.
word_said() {
	case $1 in
	on) either "C'est fait : l'accès à distance est ouvert." "Done: remote access is on." ;;
	off) either "C'est fait : l'accès à distance est coupé." "Done: remote access is off." ;;
	wrong-code) either "Ce n'est pas le bon code. Rien n'a changé." "This is not the right code. Nothing has changed." ;;
	too-often) either "Trop de codes faux. Réessayez dans un quart d'heure." "Too many wrong codes. Try again in a quarter of an hour." ;;
	no-code) word_no_code ;;
	failed) either "La carte n'a pas pu le faire. Réessayez, ou éteignez-la puis rallumez-la." "The card could not do it. Try again, or switch it off and on." ;;
	esac
}
