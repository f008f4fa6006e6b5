import { describe, expect, it } from 'vitest';
import { debianPackageUrl, npmPackageUrl, parseDebName } from '../../builder/release/software/package-url.ts';

describe('package URLs', () => {
  it('name a Debian package as the specification does', () => {
    const dpkg = { name: 'dpkg', version: '1.19.0.4', architecture: 'amd64' };
    expect(debianPackageUrl(dpkg, { ID: 'debian', VERSION_ID: '9' })).toBe('pkg:deb/debian/dpkg@1.19.0.4?arch=amd64&distro=debian-9');
    const odd = { name: 'g++', version: '1:1.37.0~rc1-6+b9', architecture: 'arm64' };
    expect(debianPackageUrl(odd)).toBe('pkg:deb/debian/g%2B%2B@1:1.37.0~rc1-6%2Bb9?arch=arm64');
  });

  it("name npm's, with a scope or without", () => {
    expect(npmPackageUrl('foobar', '12.3.1')).toBe('pkg:npm/foobar@12.3.1');
    expect(npmPackageUrl('@angular/animation', '12.3.1')).toBe('pkg:npm/%40angular/animation@12.3.1');
  });

  it("read the name of apt's files", () => {
    const read = parseDebName('busybox_1%3a1.37.0-6+b9_arm64.deb');
    expect(read).toEqual({ name: 'busybox', version: '1:1.37.0-6+b9', architecture: 'arm64' });
  });
});
