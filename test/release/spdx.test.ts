import { describe, expect, it } from 'vitest';
import { toSpdx } from '../../builder/workspace/spdx.ts';

describe('toSpdx()', () => {
  it.each([
    ['GPL-2', 'GPL-2.0-only'],
    ['GPL-2+', 'GPL-2.0-or-later'],
    ['GPL-2.0.0+', 'GPL-2.0-or-later'],
    ['GPL-3.0-or-later', 'GPL-3.0-or-later'],
    ['LGPL-2.1', 'LGPL-2.1-only'],
    ['LGPL-3.0+', 'LGPL-3.0-or-later'],
    ['AGPL-3+', 'AGPL-3.0-or-later'],
    ['GFDL-1.3+', 'GFDL-1.3-or-later'],
    ['GFDL-NIV-1.3+', 'GFDL-1.3-no-invariants-or-later'],
    ['Expat', 'MIT'],
    ['BSD-3-clause', 'BSD-3-Clause'],
    ['Apache-2', 'Apache-2.0'],
    ['zlib', 'Zlib'],
    ['GPL-1+ or BSD-2-clause and Expat', 'GPL-1.0-or-later OR BSD-2-Clause AND MIT'],
    ['(MIT OR CC0-1.0)', 'MIT OR CC0-1.0'],
  ])('knows "%s" as %s', (name, expected) => {
    expect(toSpdx(name)).toBe(expected);
  });

  it.each([
    ['GPL'],
    ['GPL-4'],
    ['GPL-.+'],
    ['common-licenses/GPL-2'],
    ['public-domain'],
    ['GPL-2+ or Artistic'],
    ['GPL-2 with Linux-syscall-note exception'],
    ['GPL-2+ or AFL-2.1, and Expat'],
    ['MIT BSD-3-clause'],
    ['MIT or'],
    ['(MIT OR (ISC AND CC0-1.0)) OR (X11)'],
    [''],
    ['constructor'],
    ['__proto__'],
  ])('does not take "%s" for a name of SPDX', (name) => {
    expect(toSpdx(name)).toBeUndefined();
  });
});
