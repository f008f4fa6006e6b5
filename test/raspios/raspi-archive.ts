import { createHash } from 'node:crypto';
import { createCleartextMessage, generateKey, sign } from 'openpgp';

/** A signed package archive that stands in for Raspberry Pi's: one package, which nobody asks for. */
export interface RaspiArchive {
  /** By path below the archive's address. */
  readonly files: Readonly<Record<string, Buffer>>;
  /** The key in the form that /usr/share/keyrings has. */
  readonly key: Buffer;
}

/** @param date of the Release file: it is older than Debian's newest, whose date is the build's. */
export async function makeRaspiArchive(suite: string, date = new Date('2026-06-18T00:00:00Z')): Promise<RaspiArchive> {
  const { privateKey, publicKey } = await generateKey({ type: 'rsa', rsaBits: 3072, userIDs: [{ name: 'archive' }], format: 'object', date });
  const packages = Buffer.from(renderPackage());
  const line = `${createHash('sha256').update(packages).digest('hex')} ${packages.length} main/binary-arm64/Packages`;
  const release = [
    'Origin: Raspberry Pi Foundation',
    `Suite: stable`,
    `Codename: ${suite}`,
    `Date: ${date.toUTCString().replace('GMT', 'UTC')}`,
    'Architectures: arm64',
    'Components: main',
    'SHA256:',
    ` ${line}`,
    '',
  ].join('\n');
  const signed = await sign({ message: await createCleartextMessage({ text: release }), signingKeys: privateKey, date });
  const folder = `/dists/${suite}`;
  return {
    files: { [`${folder}/InRelease`]: Buffer.from(signed), [`${folder}/main/binary-arm64/Packages`]: packages },
    key: Buffer.from(publicKey.write()),
  };
}

function renderPackage(): string {
  const fields = {
    Package: 'rpi-stand-in',
    Version: '1',
    Architecture: 'all',
    Maintainer: 'Semeur <nobody@semeur.invalid>',
    Filename: 'pool/main/r/rpi-stand-in_1_all.deb',
    Size: '4',
    SHA256: createHash('sha256').update('none').digest('hex'),
    Description: 'nothing',
  };
  return `${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')}\n`;
}
