# Sourced by bash, zsh and sh, behind the table that `semeur completion` makes of its own commands: what can stand where the cursor is.
# _semeur_table KEY prints words, one a line: "words PATH" the subcommands and options of a command, "value PATH OPTION" what an option
# takes, "argument PATH NUMBER" (or *) what stands at a place. "@clients" and "@profiles" are names of the workspace, "@files" paths.

# Candidates for $1, which is being typed; the words before it follow, without "semeur". In a subshell: no variable of the user's changes.
_semeur_complete() (
	_semeur_find "$@"
)

_semeur_find() {
	typed=$1
	shift
	path='' number=0 option='' folder=''
	for word in "$@"; do
		if [ -n "$option" ]; then
			[ "$option" != --workspace ] || folder=$word
			option=''
		elif [ -n "$(_semeur_table "value $path $word")" ]; then
			option=$word
		elif [ -n "$(_semeur_table "words ${path:+$path }$word")" ]; then
			path=${path:+$path }$word
		else
			case $word in -*) ;; *) number=$((number + 1)) ;; esac
		fi
	done
	if [ -n "$option" ]; then
		_semeur_table "value $path $option"
	else
		_semeur_here
	fi | _semeur_expand | while IFS= read -r word; do
		case $word in "$typed"* | @files) printf '%s\n' "$word" ;; esac
	done
}

# Options where one is begun; else subcommands, or what the argument is.
_semeur_here() {
	case $typed in
	-*) _semeur_table "words $path" | grep '^-' ;;
	*)
		_semeur_table "words $path" | grep -v '^-'
		_semeur_table "argument $path $((number + 1))"
		_semeur_table "argument $path *"
		;;
	esac
}

_semeur_expand() {
	while IFS= read -r word; do
		case $word in
		@clients | @profiles) _semeur_names "${word#@}" ;;
		-) ;;
		*) printf '%s\n' "$word" ;;
		esac
	done
}

_semeur_names() {
	for file in "${folder:-$(_semeur_workspace)}/$1"/*.yaml; do
		[ -e "$file" ] || continue
		name=${file##*/}
		printf '%s\n' "${name%.yaml}"
	done
}

# The nearest one upwards, as Semeur itself looks for it.
_semeur_workspace() {
	nearest=$PWD
	while [ "$nearest" != / ] && [ -n "$nearest" ] && [ ! -e "$nearest/semeur.yaml" ]; do
		nearest=${nearest%/*}
	done
	printf '%s\n' "$nearest"
}
