import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** @param program with every verb: what is completed is what there is. */
export function addCompletion(program: Command, run: RunVerb): void {
  program
    .command('completion')
    .description('the words of these commands for your shell, and the names of your clients and profiles')
    .addArgument(new Argument('<shell>', 'which one you type in').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        'semeur completion bash >~/.local/share/bash-completion/completions/semeur',
        'semeur completion fish >~/.config/fish/completions/semeur.fish',
        'source <(semeur completion zsh)   (in ~/.zshrc, behind compinit)',
      ),
    )
    .action((shell: Shell) =>
      run(async () => {
        const script = await renderCompletion(program, shell);
        return { json: { shell, script }, text: [script.trimEnd()] };
      }),
    );
}

async function renderCompletion(program: Command, shell: Shell): Promise<string> {
  const common = await readFile(join(import.meta.dirname, 'completion.sh'), 'utf8');
  return DRIVERS[shell](`${renderTable(program)}\n${common}`);
}

/** Bash and zsh run the common part themselves; fish, whose language is another, gives it to sh. */
const DRIVERS: Readonly<Record<Shell, (common: string) => string>> = {
  bash: (common) => `${common}
_semeur() {
	local found
	mapfile -t found < <(_semeur_complete "$2" "\${COMP_WORDS[@]:1:COMP_CWORD-1}")
	if [[ \${found[0]-} == @files ]]; then
		compopt -o default
		COMPREPLY=()
	else
		COMPREPLY=("\${found[@]}")
	fi
}
complete -F _semeur semeur
`,
  zsh: (common) => `#compdef semeur
${common}
_semeur() {
	local -a before found
	before=("\${(@)words[2,CURRENT-1]}")
	found=("\${(@f)$(emulate sh; _semeur_complete "$PREFIX" "\${before[@]}")}")
	if [[ \${found[1]} == @files ]]; then
		_files
	else
		compadd -a found
	fi
}
compdef _semeur semeur
`,
  fish: (common) => `function __semeur_complete
	set -l before (commandline -opc)
	set -l typed (commandline -ct)
	set -l found (sh -c '${`${common}_semeur_complete "$@"\n`.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}' semeur "$typed" $before[2..-1])
	if test "$found[1]" = @files
		__fish_complete_path "$typed"
	else
		printf '%s\\n' $found
	end
end
complete -c semeur -f -a '(__semeur_complete)'
`,
};

/** Every command with its options and arguments, as a function of sh. */
function renderTable(program: Command): string {
  const rows = rowsOf(program, []).filter(([, words]) => words.length > 0);
  const cases = rows.map(([key, words]) => `\t'${key}') printf '%s\\n' ${words.map((word) => `'${word}'`).join(' ')} ;;`);
  return ['_semeur_table() {', '\tcase $1 in', ...cases, '\tesac', '}', ''].join('\n');
}

type Row = readonly [key: string, words: readonly string[]];

function rowsOf(command: Command, path: readonly string[]): Row[] {
  const place = path.join(' ');
  const options = command.createHelp().visibleOptions(command);
  const flags = options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
  return [
    [`words ${place}`, [...command.commands.map((child) => child.name()), ...flags]],
    ...options.flatMap((option): Row[] => {
      const words = option.argChoices ?? kindOf(/<([^>]+)>/.exec(option.flags)?.[1] ?? '');
      return option.required ? [[`value ${place} ${option.long}`, words.length > 0 ? words : NOTHING]] : [];
    }),
    ...command.registeredArguments.map((argument, index): Row => {
      const number = argument.variadic ? '*' : String(index + 1);
      return [`argument ${place} ${number}`, argument.argChoices ?? kindOf(argument.name())];
    }),
    ...command.commands.flatMap((child) => rowsOf(child, [...path, child.name()])),
  ];
}

/** Something is wanted, and there is nothing to propose. */
const NOTHING = ['-'];

/** What a value is, by what its argument is called in the help. */
function kindOf(name: string): readonly string[] {
  if (/^clients?$/.test(name)) return ['@clients'];
  if (name === 'profile') return ['@profiles'];
  return /^(dir|file|image|target)$/.test(name) ? ['@files'] : [];
}
