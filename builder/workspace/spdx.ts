import ids from 'spdx-license-ids/index.json' with { type: 'json' };

/** By name in small letters. The first two are Debian's own, where there is no rule to it. */
const ID_OF = new Map([['expat', 'MIT'], ['cc0', 'CC0-1.0'], ...ids.map((id) => [id.toLowerCase(), id] as const)]);
const GNU = /^(a?gpl|lgpl|gfdl)(-niv)?-([0-9.]+)(\+|-or-later|-only)?$/;

/**
 * An SPDX expression for licences named as Debian or npm name them: "GPL-2+ or Artistic-2.0" is "GPL-2.0-or-later OR Artistic-2.0".
 * @returns undefined where a word of it is no licence that SPDX lists.
 * @see https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
 */
export function toSpdx(names: string): string | undefined {
  const words = names.replace(/^\((.*)\)$/, '$1').split(/\s+(and|or)\s+/i);
  const known = words.map((word, index) => (index % 2 === 1 ? word.toUpperCase() : toSpdxId(word)));
  return known.includes(undefined) ? undefined : known.join(' ');
}

function toSpdxId(name: string): string | undefined {
  const small = name.toLowerCase();
  return ID_OF.get(toGnuId(small) ?? small) ?? ID_OF.get(`${small}.0`);
}

/** "GPL-2" is that version alone, zeros at the end of a version count for nothing, and "NIV" is "no invariant sections". */
function toGnuId(small: string): string | undefined {
  const [, family, niv, number = '', later] = GNU.exec(small) ?? [];
  if (family === undefined) return undefined;
  const [major, minor = '0'] = number.replace(/(\.0)+$/, '').split('.');
  const suffix = later === '+' || later === '-or-later' ? 'or-later' : 'only';
  return `${family}-${major}.${minor}${niv === undefined ? '' : '-no-invariants'}-${suffix}`;
}
