import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePlan, renderPlan } from '../../protocol/download.ts';
import type { Reading } from '../../protocol/message.ts';
import { type Order, parseOrder, renderOrder } from '../../protocol/order.ts';
import { REQUESTS } from '../../protocol/requests.ts';

const FIRST = join(import.meta.dirname, 'first-release');
const readFirst = (name: string) => readFile(join(FIRST, `${name}.json`), 'utf8');
const READERS: Readonly<Record<string, (text: string) => Reading<object>>> = { order: parseOrder, download: parsePlan };

describe('what Semeur 0.1.0 wrote', () => {
  it.each(['order', 'download'])('is taken whole by this home: %s', async (name) => {
    const text = await readFirst(name);
    expect(READERS[name]?.(text)).toEqual({ message: JSON.parse(text), unknown: [] });
  });

  it.each(['claim', 'confirm', 'heartbeat', 'report'] as const)('is taken whole by this home: %s', async (name) => {
    const body = JSON.parse(await readFirst(name));
    expect(REQUESTS[name].parse(body)).toEqual(body);
  });
});

describe('what a later card may send', () => {
  it.each(['claim', 'confirm', 'heartbeat', 'report'] as const)('is taken without what this home does not know: %s', async (name) => {
    const body = JSON.parse(await readFirst(name));
    const later = Object.fromEntries(Object.entries(body).map(([key, value]) => [key, isPlain(value) ? { ...value, more: 1 } : value]));
    expect(REQUESTS[name].parse({ ...later, more: { than: ['before'] } })).toEqual(body);
  });
});

describe('renderOrder() and renderPlan()', () => {
  it('write an order as 0.1.0 did, byte for byte', async () => {
    const order = JSON.parse(await readFirst('order'));
    expect(renderOrder(order)).toBe(`${JSON.stringify(order, null, 2)}\n`);
    const plan = JSON.parse(await readFirst('download'));
    expect(renderPlan(plan)).toBe(`${JSON.stringify(plan)}\n`);
  });

  it('write no order that home would not take', async () => {
    const order: Order = JSON.parse(await readFirst('order'));
    expect(() => renderOrder({ ...order, presharedKey: 'short' })).toThrow('"durand": presharedKey');
  });
});

describe('what a later Semeur may write', () => {
  it.each([
    ['order', { phone: '+33 1', card: { name: 'Durand', phone: '+33 1' } }, ['phone', 'card']],
    ['order', JSON.parse('{"__proto__": {"revoked": true}, "constructor": 1}'), ['__proto__', 'constructor']],
    ['download', { more: 1, extracted: { bytes: 5, sha256: 'a'.repeat(64), md5: '' } }, ['more', 'extracted.md5']],
    ['download', { client: { services: [{ path: 'a', fr: 'b', en: 'c', de: 'd' }], phone: 1 } }, ['client.services.de', 'client.phone']],
  ])('is read without the keys that are not known yet, which are named: %s %j', async (name, added, unknown) => {
    const known = JSON.parse(await readFirst(name));
    const reading = READERS[name]?.(JSON.stringify(mix(known, added)));
    expect(reading).toMatchObject({ message: { client: expect.anything() } });
    expect([...(reading?.message ? reading.unknown : [])].sort()).toEqual([...unknown].sort());
    expect(JSON.stringify(reading?.message)).not.toMatch(/phone|md5|"de"|more|__proto__|constructor/);
  });

  it.each(['order', 'download'])('is refused where its version says that a meaning changed: %s', async (name) => {
    const text = JSON.stringify({ ...JSON.parse(await readFirst(name)), [name]: 2 });
    expect(READERS[name]?.(text)).toEqual({ message: undefined, wrong: [name], isNewer: true });
  });

  it('names wrong keys, few of them and shortened, never what they hold', async () => {
    const order = JSON.parse(await readFirst('order'));
    const reading = parseOrder(JSON.stringify({ ...order, presharedKey: 'secret', domains: Array(100).fill('*'), ['x'.repeat(999)]: 1 }));
    expect(reading).toMatchObject({ message: undefined, isNewer: false });
    const wrong = reading.message ? [] : reading.wrong;
    expect(wrong).toHaveLength(20);
    expect(wrong[0]).toBe('presharedKey');
    expect(wrong.join()).not.toContain('secret');
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, number) => [`${'x'.repeat(200)}${number}`, 1]));
    expect(parseOrder(JSON.stringify({ ...order, ...many }))).toEqual({ message: order, unknown: ['x'.repeat(64)] });
  });

  it.each(['', '{', 'null', '[]', '"order"', '{"order": 1, "client": "half'])('is no order: %j', (text) => {
    const { message } = parseOrder(text);
    expect(message).toBeUndefined();
  });
});

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Adds keys, in objects too. */
function mix(known: unknown, added: unknown): unknown {
  if (!isPlain(known)) return added;
  const entries = Object.entries(added as object).map(([key, value]): [string, unknown] => {
    const before = Object.hasOwn(known, key) ? (known as Record<string, unknown>)[key] : undefined;
    return [key, before === undefined ? value : mix(before, value)];
  });
  return Object.fromEntries([...Object.entries(known), ...entries]);
}
