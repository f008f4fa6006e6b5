import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMessage, generateKey, sign } from 'openpgp';
import type { RaspiosSuite } from '../../builder/raspios/os-list.ts';
import { createProgress } from '../../cli/terminal/progress.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { CHECKOUT } from '../card/cards.ts';
import { type ImageServer, startServer } from '../fetch/image-server.ts';
import { makeRaspiArchive, type RaspiArchive } from './raspi-archive.ts';
import { renderList } from './sample-image.ts';
import { makeStandIn, type StandIn } from './stand-in.ts';

export const session = { progress: createProgress(process.stderr), signal: new AbortController().signal, workspace: undefined, program: [] };

/** A workspace whose profile is built on the stand-in, and the servers that it takes it from. */
export interface Ground {
  readonly workspace: string;
  readonly standIn: StandIn;
  readonly server: ImageServer;
}

export async function prepareGround(suite: RaspiosSuite): Promise<Ground> {
  const archive = await keepArchive(suite);
  const standIn = await makeStandIn(session, { suite, key: archive.key });
  const path = `/2026-06-18-raspios-${suite}-arm64-lite.img.xz`;
  const packed = await readFile(standIn.packed);
  const { privateKey, publicKey } = await generateKey({ type: 'ecc', userIDs: [{ name: 'stand-in' }], format: 'object' });
  const signature = await sign({ message: await createMessage({ binary: packed }), signingKeys: privateKey, detached: true, format: 'binary' });
  const files: Record<string, Buffer> = { [path]: packed, [`${path}.sig`]: Buffer.from(signature) };
  for (const [name, bytes] of Object.entries(archive.files)) files[`/archive${name}`] = bytes;
  const server = await startServer(files);
  files['/os_list.json'] = renderList(describeEntry(`${server.url}${path}`, standIn));
  const workspace = join(CHECKOUT, 'out', `raspios-${suite}`);
  await rm(join(workspace, 'profiles'), { recursive: true, force: true });
  await mkdir(workspace, { recursive: true });
  await cp(join(CHECKOUT, 'examples'), workspace, { recursive: true });
  await writeFile(join(workspace, 'keys.asc'), publicKey.armor());
  await writeFile(
    join(workspace, 'semeur.yaml'),
    `${await readFile(join(workspace, 'semeur.yaml'), 'utf8')}${renderSource(server.url, publicKey.getFingerprint())}`,
  );
  await writeFile(join(workspace, 'profiles', 'maison.yaml'), renderProfile(suite));
  return { workspace, standIn, server };
}

/** The same in every run, so that what is made from it stays in the cache. */
async function keepArchive(suite: RaspiosSuite): Promise<RaspiArchive> {
  const file = cacheFolder('stand-ins', `archive-${suite}.json`);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    const { files, key } = await makeRaspiArchive(suite);
    const base64 = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString('base64')]));
    await mkdir(cacheFolder('stand-ins'), { recursive: true });
    await writeFile(file, JSON.stringify({ files: base64, key: key.toString('base64') }));
    return { files, key };
  }
  const kept = JSON.parse(text) as { files: Record<string, string>; key: string };
  const files = Object.fromEntries(Object.entries(kept.files).map(([name, base64]) => [name, Buffer.from(base64, 'base64')]));
  return { files, key: Buffer.from(kept.key, 'base64') };
}

function describeEntry(url: string, { image, download }: StandIn): object {
  return {
    name: 'Raspberry Pi OS Lite (64-bit)',
    description: 'A stand-in',
    icon: 'icons/raspios.png',
    url,
    extract_size: image.bytes,
    extract_sha256: image.sha256,
    image_download_size: download.bytes,
    image_download_sha256: download.sha256,
    release_date: '2026-06-18',
    init_format: 'cloudinit-rpi',
    devices: ['pi5-64bit', 'pi4-64bit', 'pi3-64bit'],
    capabilities: [],
  };
}

function renderSource(url: string, fingerprint: string): string {
  return `raspios:
  list: ${url}/os_list.json
  archive: ${url}/archive/
  keys: keys.asc
  signers: [${fingerprint.toUpperCase()}]
  signature: required
`;
}

/** With a package whose program the accelerator mounts, and that the image has an older version of. */
function renderProfile(suite: RaspiosSuite): string {
  return `profile: maison
base: raspios-lite-arm64
raspios: { suite: ${suite} }
boards: [pi3, pi4, pi5, zero2w]
services: [website]
packages: [perl]
`;
}
