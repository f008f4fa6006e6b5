import { describe, expect, it } from 'vitest';
import type { Closed } from '../../builder/release/notes/changelog.ts';
import { compareLocks } from '../../builder/release/notes/lock-changes.ts';
import { renderNotes } from '../../builder/release/notes/notes.ts';
import { sampleImage, sampleLock, withContainers } from './sample-lock.ts';

const NONE = new Map<string, Closed>();

function render(before: ReturnType<typeof sampleLock>, after: ReturnType<typeof sampleLock>, card = NONE, toolbox = NONE): string {
  return renderNotes({ profile: 'maison', lock: after, since: { changes: compareLocks(before, after), closed: { card, toolbox } } });
}

describe('renderNotes()', () => {
  it('says what a first release holds', () => {
    const lock = sampleLock({ base: ['bash_5.2-1_arm64.deb'], added: ['zip_3-1_arm64.deb', 'openssh-server_1%3a10.0p1-7_arm64.deb'] });
    expect(renderNotes({ profile: 'maison', lock })).toBe(`# maison, with the packages of 2026-09-21

Debian; 3 packages on the card.

This is the first release.

Packages that the profile adds to its base:

- openssh-server \`1:10.0p1-7\`
- zip \`3-1\`
`);
  });

  it('says what changed, on the card and apart from it in the toolbox, and which CVEs that closes', () => {
    const before = sampleLock({
      toolbox: ['xz-utils_5.8.1-1_amd64.deb'],
      base: [
        'curl_8-1_arm64.deb',
        'libcurl4t64_8-1_arm64.deb',
        'bash_5-1_arm64.deb',
        'bsdutils_1%3a2-1_arm64.deb',
        'nano_8-1_arm64.deb',
        'vim_9-2_arm64.deb',
      ],
    });
    const after = sampleLock({
      toolbox: ['xz-utils_5.8.2-1_amd64.deb'],
      base: ['curl_8-2_arm64.deb', 'libcurl4t64_8-2_arm64.deb', 'bash_5-2_arm64.deb', 'bsdutils_1%3a3-1_arm64.deb', 'vim_9-1_arm64.deb'],
      added: ['ed_1~rc1-1_arm64.deb'],
    });
    const cves = { cves: ['CVE-2026-1111', 'CVE-2026-22222'] };
    const closed = new Map<string, Closed>([
      ['curl', cves],
      ['libcurl4t64', cves],
      ['bash', { cves: [] }],
      ['bsdutils', { unknown: 'its changelog does not name the version before' }],
    ]);
    expect(render(before, after, closed, new Map([['xz-utils', { cves: ['CVE-2026-3333'] }]]))).toBe(`# maison, with the packages of 2026-09-21

Debian; 6 packages on the card.

## On the card

Updated:

- bash \`5-1\` → \`5-2\`
- bsdutils \`1:2-1\` → \`1:3-1\` (CVEs unknown: its changelog does not name the version before)
- curl, libcurl4t64 \`8-1\` → \`8-2\`, closes 2 CVEs

Back to an older version:

- vim \`9-2\` → \`9-1\`

New:

- ed \`1~rc1-1\`

Gone:

- nano \`8-1\`

## Programs that made the image, not on the card

Updated:

- xz-utils \`5.8.1-1\` → \`5.8.2-1\`, closes 1 CVE

## CVEs closed

Those that Debian's changelogs name in what is new since the release before.

- curl, libcurl4t64: CVE-2026-1111, CVE-2026-22222
- xz-utils (not on the card): CVE-2026-3333
`);
  });

  it('says that nothing changed', () => {
    const lock = sampleLock({ base: ['bash_5.2-1_arm64.deb'] });
    expect(render(lock, lock)).toContain('The packages are those of the release before.');
  });

  it('names the operating system image, and another one before', () => {
    const [june, september] = [sampleImage('2026-06-18'), sampleImage('2026-09-10')];
    const debs = { added: ['caddy_2-1_arm64.deb'] };
    const text = render(sampleLock(debs, june), sampleLock(debs, september));
    expect(text).toMatch(/^Raspberry Pi OS trixie of 2026-09-10 \(SHA-256 `[0-9a-f]{16}…`\); 1 package on the card beside those of that image\.$/m);
    expect(text).toMatch(/^Before: Raspberry Pi OS trixie of 2026-06-18 .*\. Now: Raspberry Pi OS trixie of 2026-09-10 .*\. What changed within/m);
    expect(text).not.toContain('## On the card');
    expect(render(sampleLock(), sampleLock({}, june))).toContain("Before: Debian's packages alone. Now: Raspberry Pi OS");
  });

  it('names the container apps, and which of them changed', () => {
    const [old, now] = ['cloud', 'cloud-2'].map((name) => `registry.example/${name}@sha256:${'a'.repeat(64)}`) as [string, string];
    const lock = sampleLock({ base: ['bash_5.2-1_arm64.deb'] });
    const before = withContainers(lock, { cloud: old, wiki: old });
    expect(renderNotes({ profile: 'maison', lock: before })).toContain(`Container apps:\n\n- cloud \`${old}\`\n- wiki \`${old}\`\n`);
    const text = render(before, withContainers(lock, { photos: now, cloud: now }));
    expect(text).toContain(`## Container apps\n\n- cloud: \`${old}\` → \`${now}\`\n- photos: new, \`${now}\`\n- wiki: gone\n`);
    expect(text).not.toContain('The packages are those of the release before');
    expect(render(before, before)).toContain('The packages are those of the release before.');
  });

  it("calls an image of one's own what it is, by no path", () => {
    const own = { ...sampleImage('2026-06-18'), release: null, download: { url: 'file:images/secret-place.img', bytes: 10, sha256: 'a'.repeat(64) } };
    const text = renderNotes({ profile: 'maison', lock: sampleLock({}, own) });
    expect(text).toContain("An image of one's own, with Raspberry Pi OS trixie (SHA-256");
    expect(text).not.toContain('secret-place');
  });
});
