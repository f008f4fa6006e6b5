import { describe, expect, it } from 'vitest';
import { findClosed } from '../../builder/release/notes/changelog.ts';

function entry(version: string, ...lines: readonly string[]): string {
  const text = lines.map((line) => `  * ${line}`).join('\n');
  return `curl (${version}) trixie-security; urgency=medium\n\n${text}\n\n -- A Maintainer <someone@example.org>  Mon, 21 Sep 2026 10:00:00 +0200\n`;
}

const CHANGELOG = [
  entry('8.14.1-2+deb13u2', 'Close CVE-2026-20001 and CVE-2026-3000', 'Close CVE-2025-9999 (Closes: #1)'),
  entry('8.14.1-2+deb13u1', 'The test for CVE-2026-3000', 'Close cve-2026-10001'),
  entry('8.14.1-2', 'Close CVE-2025-1111'),
  entry('8.14.1-1', 'Close CVE-2025-0001'),
].join('\n');

describe('findClosed()', () => {
  it('finds what entries name that are newer than the old version: each once, in order of year and number', () => {
    expect(findClosed(CHANGELOG, '8.14.1-2')).toEqual({ cves: ['CVE-2025-9999', 'CVE-2026-3000', 'CVE-2026-10001', 'CVE-2026-20001'] });
    expect(findClosed(CHANGELOG, '8.14.1-2+deb13u1')).toEqual({ cves: ['CVE-2025-9999', 'CVE-2026-3000', 'CVE-2026-20001'] });
  });

  it('finds none where nothing is newer', () => {
    expect(findClosed(CHANGELOG, '8.14.1-2+deb13u2')).toEqual({ cves: [] });
  });

  it('takes a package that was only built anew for the version of its source', () => {
    expect(findClosed(CHANGELOG, '8.14.1-2+b1')).toEqual(findClosed(CHANGELOG, '8.14.1-2'));
  });

  it.each(['7.88.1-10+deb12u5', '8.14.1-2+deb12u1', '8.14.1'])('says nothing of the step from %s, which it does not name', (from) => {
    expect(findClosed(CHANGELOG, from)).toEqual({ unknown: 'its changelog does not name the version before' });
  });

  it("follows a kernel's changelog, whose entries have two names", () => {
    const signed = 'linux-signed-arm64 (6.12.118+1) trixie; urgency=medium\n\n  * Sign kernel from linux 6.12.118-1\n\n';
    const linux = ['6.12.118-1', '6.12.100-1'].map((version, i) => `linux (${version}) trixie; urgency=medium\n\n  * Fix (CVE-2026-${7001 + i})\n\n`);
    expect(findClosed([signed, ...linux].join(''), '6.12.100-1')).toEqual({ cves: ['CVE-2026-7001'] });
  });

  it('reads headers with an epoch, several suites and several keys', () => {
    const text = `${entry('1:2-1', 'Close CVE-2026-1234').replace('trixie-security; urgency=medium', 'trixie sid; urgency=high, binary-only=yes')}\n${entry('1:1-1')}`;
    expect(findClosed(text, '1:1-1')).toEqual({ cves: ['CVE-2026-1234'] });
  });

  it.each(['', 'Version 8.14.1 (4 June 2025)\n\n- fix CVE-2025-1111\n', `News first.\n\n${CHANGELOG}`])('takes nothing else for one (%#)', (text) => {
    expect(findClosed(text, '8.14.1-2')).toEqual({ unknown: 'it has no Debian changelog' });
  });
});
