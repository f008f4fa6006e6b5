import type { z } from 'zod';
import { refuseValue } from '../../builder/workspace/refuse-value.ts';
import type { Refusal } from '../../builder/workspace/rules/rule.ts';
import type { Step } from './dialogue.ts';
import type { Topic, Words } from './words-en.ts';

/** A question that the catalogue words, with its name in the answers. */
export function topic(words: Words, name: Topic): Pick<Step, 'name' | 'message' | 'why'> {
  const { ask, why } = words.asks[name];
  return { name, message: ask, why };
}

/** Refuses what a part of the workspace's own schemas refuses. @param shape what the typed text is put in, before the schema sees it. */
export function bySchema(words: Words, about: Topic, schema: z.ZodType, shape: (text: string) => unknown = (text) => text) {
  return (text: string): string | undefined => say(words, about, refuseValue(schema, shape(text)));
}

export function say(words: Words, about: Topic, refusal: Refusal | undefined): string | undefined {
  return refusal && words.refusal(about, refusal);
}

export function splitWords(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
