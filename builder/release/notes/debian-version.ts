/**
 * Orders two versions of a Debian package, as `dpkg --compare-versions` does; that program is not on every machine that reads releases.
 * Source: deb-version(7).
 * @returns below 0 when `a` is the older one, 0 when they are equal.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [splitVersion(a), splitVersion(b)];
  return left.epoch - right.epoch || compareParts(left.upstream, right.upstream) || compareParts(left.revision, right.revision);
}

function splitVersion(version: string): { epoch: number; upstream: string; revision: string } {
  const [, epoch = '0', upstream = '', revision = ''] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version) ?? [];
  return { epoch: Number(epoch), upstream, revision };
}

/** What is no digit and what is a number take turns, as many times as the longer one has them. */
function compareParts(a: string, b: string): number {
  const [left, right] = [splitPart(a), splitPart(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [one = { text: '', number: 0n }, other = { text: '', number: 0n }] = [left[i], right[i]];
    const order = compareText(one.text, other.text) || Number(one.number - other.number);
    if (order !== 0) return order;
  }
  return 0;
}

function splitPart(part: string): { text: string; number: bigint }[] {
  return [...part.matchAll(/(\D*)(\d*)/g)].map(([, text = '', number]) => ({ text, number: BigInt(number || 0) }));
}

function compareText(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = weightOf(a[i]) - weightOf(b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** A tilde sorts before the end, letters before all other characters. */
function weightOf(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[a-z]/i.test(character) ? code : code + 256;
}
