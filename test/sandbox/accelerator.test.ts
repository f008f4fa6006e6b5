import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { hasAccelerator } from '../../builder/sandbox/accelerator.ts';

describe('hasAccelerator()', () => {
  it("is for machines whose processor is another than a card's: an arm64 one runs a card's programs itself", () => {
    expect(hasAccelerator('x64')).toBe(true);
    expect(hasAccelerator('arm64')).toBe(false);
  });

  it('is asked by all that knows a processor: beside the accelerator and the toolbox, whose it is, nothing in builder/ names this one', async () => {
    const builder = join(findCheckout(), 'builder');
    const paths = (await readdir(builder, { recursive: true })).filter((path) => /\.(ts|sh)$/.test(path));
    const texts = await Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(builder, path), 'utf8') })));
    const naming = texts.filter(({ text }) => /x86[_-]64|amd64/.test(text)).map(({ path }) => path);
    expect(naming.sort()).toEqual(['debian/toolbox.ts', 'sandbox/accelerate.sh', 'sandbox/unaccelerate.sh']);
  });
});
