import { isSeq, parseDocument } from 'yaml';
import { EXIT, Failure } from '../../kit/failure.ts';
import { DEFAULT_BASE, platformOf } from '../platform/platforms.ts';
import { editYaml } from './edit.ts';
import type { LoadedWorkspace } from './loaded.ts';
import { refuseValue } from './refuse-value.ts';
import { suggestHint } from './rules/suggest.ts';
import { type Profile, profileSchema } from './schema.ts';
import { renderProfile } from './starter.ts';

/** What is said of a new profile; the rest is that of another one, else what `semeur init` writes. */
export interface NewProfile {
  readonly profile: string;
  readonly base?: Profile['base'] | undefined;
  readonly boards?: Profile['boards'] | undefined;
  readonly services?: readonly string[] | undefined;
}

/**
 * The file of one more profile of a workspace.
 * @param from the text of another's file, whose lines it keeps.
 * @throws {Failure} when the name can't be taken, or is, or a service is unknown.
 */
export function planProfile({ operator, profiles, overlays }: LoadedWorkspace, asked: NewProfile, from?: string): string {
  const { profile, services } = asked;
  const wrong = refuseValue(profileSchema.shape.profile, profile);
  if (wrong)
    throw refuse(profile, `${wrong.message.charAt(0).toLowerCase()}${wrong.message.slice(1)}`, wrong.hint ?? 'Small letters, digits and "-"');
  if (profiles.has(profile)) throw refuse(profile, 'there is one of this name already', 'Choose another, or change that one: semeur profile add');
  const chosen = services?.map((name) => overlays.get(name) ?? unknown(profile, name, [...overlays.keys()]));
  if (from === undefined) {
    const { base = DEFAULT_BASE } = asked;
    const boards = asked.boards ?? [...platformOf(base).boards];
    const website = overlays.get('website');
    return renderProfile({ language: operator.language, services: chosen ?? (website ? [website] : []), profile: { profile, base, boards } });
  }
  // What was published was the other one.
  const named = editYaml(from, [{ path: ['profile'], value: profile }, { path: ['published'] }]);
  const based = asked.base === undefined ? named : editYaml(named, [{ path: ['base'], value: asked.base }]);
  return replaceList(replaceList(based, 'boards', asked.boards), 'services', services);
}

/** In the form that the list has there. */
function replaceList(text: string, key: string, values: readonly string[] | undefined): string {
  if (values === undefined) return text;
  const document = parseDocument(text);
  const before = document.get(key);
  const list = document.createNode([...values]);
  list.flow = isSeq(before) ? before.flow === true : true;
  document.set(key, list);
  return document.toString({ lineWidth: 0, flowCollectionPadding: /[[{] /.test(text) });
}

function unknown(profile: string, name: string, known: readonly string[]): never {
  throw refuse(profile, `there is no service "${name}"`, suggestHint(name, known));
}

function refuse(profile: string, reason: string, hint: string): Failure {
  return new Failure(`Cannot add the profile "${profile}": ${reason}`, { hint, exitCode: EXIT.usage });
}
