import { describe, expect, it } from 'vitest';
import { arm64 } from '../../builder/platform/architecture.ts';
import { hasAccelerator } from '../../builder/sandbox/accelerator.ts';

describe('hasAccelerator()', () => {
  it("is for machines whose processor is another than a card's: an arm64 one runs a card's programs itself", () => {
    expect(hasAccelerator(arm64, 'x64')).toBe(true);
    expect(hasAccelerator(arm64, 'arm64')).toBe(false);
  });
});
