import { renderSeedTar } from '../../builder/seed/seed-tar.ts';
import { FILES, makeSeed, SETTINGS, type SeedKey, sealSeed, signSeed } from './seed-key.ts';

/** Seeds that one of the two readers might take and the other refuse, all signed with the right key unless they say otherwise. */
export async function oddSeeds(key: SeedKey, other: SeedKey): Promise<Map<string, Buffer>> {
  const good = await makeSeed(key);
  const seeds = new Map<string, Buffer>([
    ['invalid-empty', Buffer.alloc(0)],
    ['invalid-zeros', Buffer.alloc(20_000)],
    ['invalid-header-alone', good.subarray(0, 4096)],
    ['invalid-one-byte-short', good.subarray(0, -1)],
    ['invalid-other-profile', await makeSeed(key, { profile: 'other' })],
    ['invalid-other-key', await makeSeed(other)],
    ['invalid-other-key-that-claims-ours', await makeSeed(other, { signer: key.signer })],
    ['invalid-our-key-that-claims-another', await makeSeed(key, { signer: other.signer })],
    ['invalid-digest', await makeSeed(key, { sha256: '0'.repeat(64) })],
    ['invalid-signature-of-another-seed', Buffer.concat([good.subarray(0, -4096), (await makeSeed(key, { generation: 2 })).subarray(-4096)])],
    ['invalid-signature-followed-by-zeros', patched(good, good.length - 100, Buffer.alloc(100))],
    ['invalid-signature-with-carriage-return', patched(good, good.lastIndexOf('-----END') - 1, Buffer.from('\r'))],
    ['valid-longest-numbers', await makeSeed(key, { generation: 999_999_999, client: `a${'-'.repeat(30)}z` })],
    ['valid-name-of-100-bytes', await makeSeed(key, {}, new Map([...FILES, [`settings${SETTINGS[3]}`, Buffer.from('x')]]))],
    [
      'valid-empty-and-whole-blocks',
      await makeSeed(key, {}, new Map([...FILES, ['enrol/token', Buffer.alloc(0)], ['enrol/home.conf', Buffer.alloc(1024, 1)]])),
    ],
    ['valid-wifi', await makeSeed(key, {}, new Map([...FILES, ['wifi.conf', Buffer.from('country=FR\n')]]))],
    ['invalid-settings-wifi', await makeSeed(key, {}, new Map([...FILES, ['settings/wifi.conf', Buffer.from('country=FR\n')]]))],
    ['valid-more-zeros', await sealSeed(key, Buffer.concat([renderSeedTar(FILES), Buffer.alloc(8192)]))],
    ['valid-largest', await sealSeed(key, Buffer.concat([renderSeedTar(FILES), Buffer.alloc(4186112 - renderSeedTar(FILES).length)]))],
  ]);
  for (const [name, edit] of HEADERS) {
    const text = edit(good.toString('latin1', 0, 4096).trimEnd());
    const header = Buffer.alloc(4096, '\n');
    header.write(text, 'latin1');
    seeds.set(`invalid-header-${name}`, await signSeed(key, header, good.subarray(4096, -4096)));
  }
  for (const [name, make] of Object.entries(TARS)) seeds.set(name, await sealSeed(key, make()));
  for (const [name, conf] of Object.entries(CONFS))
    seeds.set(name, await makeSeed(key, {}, new Map([...FILES, ['seed.conf', Buffer.from(conf, 'latin1')]])));
  return seeds;
}

const HEADERS: readonly (readonly [string, (text: string) => string])[] = [
  ['format-2', (text) => text.replace('SEED 1', 'SEED 2')],
  ['trailing-space', (text) => text.replace('durand', 'durand ')],
  ['two-spaces', (text) => text.replace('client ', 'client  ')],
  ['tab', (text) => text.replace('client ', 'client\t')],
  ['carriage-returns', (text) => text.replaceAll('\n', '\r\n')],
  ['capital', (text) => text.replace('durand', 'Durand')],
  ['accent', (text) => text.replace('durand', 'dur\xe9nd')],
  ['nul', (text) => text.replace('durand', 'dur\0and')],
  ['hyphen-first', (text) => text.replace('durand', '-durand')],
  ['long-name', (text) => text.replace('durand', 'd'.repeat(33))],
  ['generation-0', (text) => text.replace('generation 1', 'generation 0')],
  ['generation-01', (text) => text.replace('generation 1', 'generation 01')],
  ['generation-too-long', (text) => text.replace('generation 1', 'generation 1000000000')],
  ['length-too-long', (text) => text.replace(/length \d+/, 'length 4190208')],
  ['length-odd', (text) => text.replace(/length (\d+)/, (_, n) => `length ${Number(n) + 1}`)],
  ['length-hex', (text) => text.replace(/length \d+/, 'length 0x3000')],
  ['digest-in-capitals', (text) => text.replace(/sha256 .*/, (line) => line.toUpperCase().replace('SHA256', 'sha256'))],
  ['lines-swapped', (text) => text.replace(/(profile .*)\n(generation .*)/, '$2\n$1')],
  ['another-line', (text) => `${text}\nmore x`],
  ['after-the-blank', (text) => `${text}\n\nx`],
  ['key-renamed', (text) => text.replace('client', 'Client')],
];

const TARS: Readonly<Record<string, () => Buffer>> = {
  'invalid-tar-empty': () => Buffer.alloc(4096),
  'invalid-tar-without-conf': () => renderSeedTar(new Map([['enrol/token', Buffer.from('x')]])),
  'invalid-tar-name-not-listed': () => renderSeedTar(new Map([...FILES, ['settings/etc/shadow', Buffer.from('x')]])),
  'invalid-tar-settings-alone': () => renderSeedTar(new Map([...FILES, ['settings', Buffer.from('x')]])),
  'invalid-tar-symlink': () => edited({ 156: '2', 157: '/etc/shadow' }),
  'invalid-tar-hard-link': () => edited({ 156: '1', 157: 'seed.conf' }),
  'invalid-tar-folder': () => edited({ 156: '5' }),
  'invalid-tar-device': () => edited({ 156: '3' }),
  'invalid-tar-old-type': () => edited({ 156: '\0' }),
  'invalid-tar-contiguous': () => edited({ 156: '7' }),
  'invalid-tar-pax': () => edited({ 156: 'x' }),
  'invalid-tar-gnu-long-name': () => edited({ 0: '././@LongLink\0', 156: 'L' }),
  'invalid-tar-above': () => edited({ 0: '../rol/token' }),
  'invalid-tar-absolute': () => edited({ 0: '/nrol/token' }),
  'invalid-tar-dot': () => edited({ 0: './rol/token' }),
  'invalid-tar-prefix': () => edited({ 0: 'token\0\0\0\0\0\0', 345: 'enrol' }),
  'invalid-tar-name-after-nul': () => edited({ 50: 'x' }),
  'invalid-tar-mode': () => edited({ 100: '0004755' }),
  'invalid-tar-owner': () => edited({ 108: '0001750' }),
  'invalid-tar-owner-name': () => edited({ 265: 'root' }),
  'invalid-tar-time': () => edited({ 136: '00000000001' }),
  'invalid-tar-size-with-spaces': () => edited({ 124: '         10' }),
  'invalid-tar-size-base-256': () => edited({ 124: '\x80\0\0\0\0\0\0\0\0\0\0\x08' }),
  'invalid-tar-size-too-large': () => edited({ 124: '00000100000' }),
  'invalid-tar-size-largest': () => edited({ 124: '77777777777' }),
  'invalid-tar-gnu-magic': () => edited({ 257: 'ustar  \0' }),
  'invalid-tar-device-number': () => edited({ 329: '0000001' }),
  'invalid-tar-after-prefix': () => edited({ 500: 'x' }),
  'invalid-tar-checksum': () => patched(renderSeedTar(FILES), 148, Buffer.from('001234')),
  'invalid-tar-checksum-ending': () => patched(renderSeedTar(FILES), 154, Buffer.from(' \0')),
  'invalid-tar-padding': () => patched(renderSeedTar(FILES), 1023, Buffer.from('x')),
  'invalid-tar-duplicate': () => joined(new Map([['enrol/token', Buffer.from('a')]]), FILES),
  'invalid-tar-unsorted': () =>
    joined(new Map([['settings/etc/motd', Buffer.from('a')]]), new Map([...FILES].filter(([name]) => name !== 'settings/etc/motd'))),
  'invalid-tar-goes-on-after-zeros': () => Buffer.concat([renderSeedTar(FILES), renderSeedTar(FILES)]),
  'invalid-tar-last-byte': () => patched(renderSeedTar(FILES), renderSeedTar(FILES).length - 1, Buffer.from('x')),
  // 4096 bytes: seed.conf's header, 6 blocks of content, one zero block.
  'invalid-tar-one-zero-block': () => renderSeedTar(new Map([['seed.conf', Buffer.from(CONF.padEnd(3072, '\n'))]])).subarray(0, 4096),
  'invalid-tar-no-zero-block': () =>
    renderSeedTar(
      new Map([
        ['seed.conf', Buffer.from(CONF)],
        ['settings/etc/motd', Buffer.alloc(2560, 1)],
      ]),
    ).subarray(0, 4096),
};

const CONF = 'hostname durand\nlanguage fr\ntimezone Europe/Paris\n';
const CONFS: Readonly<Record<string, string>> = {
  'valid-conf-longest': `hostname ${'h'.repeat(63)}\nlanguage en\ntimezone ${'Z'.repeat(64)}\n`,
  'valid-conf-zone': 'hostname a\nlanguage en\ntimezone America/Argentina/Port-au_Prince+1\n',
  'invalid-conf-empty': '',
  'invalid-conf-unfinished': CONF.trimEnd(),
  'invalid-conf-blank-line': `${CONF}\n`,
  'invalid-conf-more': `${CONF}more x\n`,
  'invalid-conf-carriage-returns': CONF.replaceAll('\n', '\r\n'),
  'invalid-conf-swapped': 'language fr\nhostname durand\ntimezone Europe/Paris\n',
  'invalid-conf-capital': CONF.replace('durand', 'Durand'),
  'invalid-conf-dot': CONF.replace('durand', 'durand.example'),
  'invalid-conf-hyphen': CONF.replace('durand', 'durand-'),
  'invalid-conf-host-too-long': CONF.replace('durand', 'd'.repeat(64)),
  'invalid-conf-no-host': CONF.replace('durand', ''),
  'invalid-conf-language': CONF.replace('fr', 'de'),
  'invalid-conf-zone-above': CONF.replace('Europe/Paris', '../../etc/shadow'),
  'invalid-conf-zone-absolute': CONF.replace('Europe/Paris', '/Paris'),
  'invalid-conf-zone-slash': CONF.replace('Europe/Paris', 'Europe/'),
  'invalid-conf-zone-too-long': CONF.replace('Europe/Paris', 'Z'.repeat(65)),
  'invalid-conf-nul': CONF.replace('durand', 'dur\0and'),
  'invalid-conf-accent': CONF.replace('durand', 'dur\xe9nd'),
  'invalid-conf-of-blocks': `${CONF}${'\n'.repeat(600)}`,
};

export function patched(bytes: Buffer, at: number, patch: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  patch.copy(copy, at);
  return copy;
}

/** The good tar with its first header changed and summed again: enrol/token, 8 bytes. */
function edited(edits: Readonly<Record<number, string>>): Buffer {
  let tar: Buffer = renderSeedTar(FILES);
  for (const [at, text] of Object.entries(edits)) tar = patched(tar, Number(at), Buffer.from(text, 'latin1'));
  return summed(tar, 0);
}

/** Makes the checksum of the header at `at` right again. */
export function summed(tar: Buffer, at: number): Buffer {
  const blank = patched(tar, at + 148, Buffer.from('        '));
  const sum = blank.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  return patched(blank, at + 148, Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `));
}

/** Two tars as one, in the wrong order: the first, of one block of content, without its end. */
function joined(first: ReadonlyMap<string, Buffer>, second: ReadonlyMap<string, Buffer>): Buffer {
  return Buffer.concat([renderSeedTar(first).subarray(0, 1024), renderSeedTar(second), Buffer.alloc(3072)]);
}
