import type { z } from 'zod';
import type { Refusal } from './rules/rule.ts';

/** Why a part of a schema can't take a value, before there is a file that holds it. @returns undefined when the value is well. */
export function refuseValue(schema: z.ZodType, value: unknown): Refusal | undefined {
  const issue = schema.safeParse(value).error?.issues[0];
  if (!issue) return undefined;
  const hint: unknown = issue.code === 'custom' ? issue.params?.['hint'] : undefined;
  return { message: issue.message, ...(typeof hint === 'string' ? { hint } : {}) };
}
