import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlaySchema } from '../../builder/workspace/overlay-schema.ts';
import { readValue } from '../../builder/workspace/read-value.ts';
import { clientSchema, operatorSchema, profileSchema } from '../../builder/workspace/schema.ts';
import { parseSource } from '../../builder/workspace/source.ts';
import { findIn, VALID, withWorkspace } from './sample-workspace.ts';

const SCHEMAS = {
  'semeur.yaml': operatorSchema,
  'profiles/maison.yaml': profileSchema,
  'clients/durand.yaml': clientSchema,
  'overlays/blog/overlay.yaml': overlaySchema,
};
const FILES = Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[];

/** Text that is nearly YAML: signs that mean something, words of ours, and anything. */
const text = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          ...'\n\t :-[]{},&*!|>\'"%@`#?<.~'.split(''),
          '\n  ',
          ': ',
          '- ',
          '&a ',
          '*a',
          '<<: ',
          '---\n',
          '...\n',
          '!!binary ',
          '\u0000',
          '\r\n',
          '\ufeff',
        ),
      },
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          'client',
          'name',
          'profile',
          'settings',
          'wifi',
          'vpn',
          'units',
          'templates',
          '__proto__',
          'constructor',
          'toString',
          'null',
          '12',
          '0x1F',
          '.nan',
        ),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

/** A valid file with a piece taken out, and another put in. */
const nearlyValid = fc
  .record({ file: fc.constantFrom(...FILES), from: fc.nat(600), length: fc.nat(30), inserted: text })
  .map(({ file, from, length, inserted }) => {
    const valid = VALID[file] ?? '';
    return { file, bytes: Buffer.from(valid.slice(0, from) + inserted + valid.slice(from + length)) };
  });
const anything = fc.record({
  file: fc.constantFrom(...FILES),
  bytes: fc.oneof(
    text.map((made) => Buffer.from(made)),
    fc.uint8Array(),
  ),
});

describe('parseSource() and readValue()', () => {
  it('give a value or findings within the text, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(anything, nearlyValid), ({ file, bytes }) => {
        const { value, findings } = readValue(SCHEMAS[file], parseSource(file, bytes));
        expect(value !== undefined || findings.length > 0).toBe(true);
        const lines = Buffer.from(bytes).toString('utf8').split('\n');
        for (const { line, column, message } of findings) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
          expect(message).not.toBe('');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never throw within a whole workspace', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, nearlyValid), async ({ file, bytes }) => {
        await withWorkspace({ [file]: bytes }, async (folder) => expect(Array.isArray(await findIn(folder))).toBe(true));
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['bytes that are no UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xff]), 'its text is not UTF-8'],
    ['lists within lists without end', Buffer.from('['.repeat(20_000)), 'it is nested too deep'],
    [
      'aliases that multiply',
      Buffer.from(`a: &a [1]\n${[...'bcdefgh'].map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[index]}`)}]`).join('\n')}`),
      'its aliases cannot be followed',
    ],
  ])('refuse %s', (_, bytes, reason) => {
    expect(parseSource('semeur.yaml', bytes).findings[0]?.message).toContain(reason);
  });

  it('take quotes, block texts, aliases and a byte order mark', () => {
    const { value, findings } = readValue(
      clientSchema,
      parseSource('a.yaml', Buffer.from('\ufeffclient: &x "durand"\r\nname: >\r\n  Famille\r\n  Durand\r\nprofile: *x\r\n')),
    );
    expect({ value, findings }).toMatchObject({ findings: [{ message: 'Expected one line, found line breaks or control characters' }] });
    expect(
      readValue(clientSchema, parseSource('a.yaml', Buffer.from('client: &x "durand"\nname: >-\n  Famille\n  Durand\nprofile: *x\n'))).value,
    ).toEqual({
      ...{ client: 'durand', name: 'Famille Durand', profile: 'durand', settings: {} },
    });
  });
});
