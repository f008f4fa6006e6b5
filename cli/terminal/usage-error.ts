import type { CommanderError } from 'commander';
import { EXIT, Failure } from '../../kit/failure.ts';

/** How commander tells wrong use, and how we do: what can't be done, and what would be right. */
const REWORDED: readonly (readonly [RegExp, (parts: readonly string[]) => readonly [message: string, hint?: string | undefined]])[] = [
  [/^option '(.+)' argument '(.*)' is invalid\.? ?(.*)$/s, ([option, value, hint]) => [`Cannot take "${value}" for "${option}"`, hint]],
  [
    /^command-argument value '(.*)' is invalid for argument '(.+)'\.? ?(.*)$/s,
    ([value, name, hint]) => [`Cannot take "${value}" for <${name}>`, hint],
  ],
  [/^missing required argument '(.+)'$/, ([name]) => [`Cannot go on without <${name}>`]],
  [/^required option '(.+)' not specified$/, ([option]) => [`Cannot go on without "${option}"`]],
  [/^option '(.+)' argument missing$/, ([option]) => [`Cannot take "${option}" without its value`]],
  [/^unknown (\S+) '(.+)'$/, ([kind, word]) => [`Cannot find the ${kind} "${word}"`]],
  [/^too many arguments[^.]*\. (.*)$/s, ([details]) => [`Cannot take so many words: ${details?.replace(/^Expected/, 'expected')}`]],
];

/** Wrong use as our own messages tell it. @param command that was used, "semeur build". */
export function explainUsage(error: CommanderError, command: string): Failure {
  const [said = '', suggestion] = error.message.replace(/^error: /, '').split('\n(');
  const [message, hint] = reword(said);
  const meant = suggestion
    ?.replace(/\)$/, '')
    .replace(/(?<=Did you mean )(?:one of )?([^?]+)/, '"$1"')
    .replaceAll(', ', '", "');
  const help = `See "${command} --help"`;
  return new Failure(message.replace(/\.$/, ''), { hint: meant ?? (hint ? hint.replace(/\.$/, '') : help), exitCode: EXIT.usage, cause: error });
}

function reword(said: string): readonly [message: string, hint?: string | undefined] {
  for (const [pattern, tell] of REWORDED) {
    const found = pattern.exec(said);
    if (found) return tell(found.slice(1));
  }
  return [`Cannot understand the command: ${said}`];
}
