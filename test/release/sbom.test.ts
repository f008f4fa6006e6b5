import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { readBuildTools } from '../../builder/release/software/build-tools.ts';
import { readCardContents } from '../../builder/release/software/card-contents.ts';
import type { Bom, Component } from '../../builder/release/software/cyclonedx.ts';
import { readLaidOverlays } from '../../builder/release/software/laid-overlays.ts';
import { renderSbom } from '../../builder/release/software/sbom.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { renderSmallProvenance, renderSmallSbom } from './render-small-card.ts';
import { LOCK, makeSmallCard, STANZAS } from './small-card.ts';

const require = createRequire(import.meta.url);

let folder: string;
let text: string;
let bom: Bom;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-sbom-'));
  text = await renderSmallSbom(await makeSmallCard(folder));
  bom = JSON.parse(text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** CycloneDX's own schemas, as its JavaScript library ships them. @returns what is wrong. */
async function compileSchema(): Promise<(text: string) => unknown[]> {
  const schemas = join(dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json')), 'res', 'schema');
  const read = async (name: string) => JSON.parse(await readFile(join(schemas, name), 'utf8'));
  const ajv = new Ajv({ strict: false, allErrors: true });
  // Referred to by their file names, from the address of the one that refers.
  for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json'])
    ajv.addSchema(await read(name), `http://cyclonedx.org/schema/${name}`);
  formats.default(ajv);
  // Formats that ajv-formats has none of, for fields that we don't write.
  for (const name of ['idn-email', 'iri-reference']) ajv.addFormat(name, true);
  const validate = ajv.compile(await read('bom-1.6.SNAPSHOT.schema.json'));
  return (json) => (validate(JSON.parse(json)) ? [] : (validate.errors ?? []));
}

const find = (ref: string) => bom.components.find((component) => component['bom-ref'] === ref);

describe('renderSbom()', () => {
  it("passes CycloneDX's own schema, which refuses what is wrong", async () => {
    const check = await compileSchema();
    expect(check(text)).toEqual([]);
    expect(check(text.replace('"LGPL-2.1-or-later"', '"LGPL-2.1-sometimes"'))).not.toEqual([]);
    expect(check(text.replace('"type": "library"', '"type": "thing"'))).not.toEqual([]);
    expect(check(text.replace(/"content": "5/, '"content": "x'))).not.toEqual([]);
  });

  it('names the image of a container, with its digest and licence, and says that what is in it is not listed', () => {
    expect(find('container:notes')).toMatchObject({
      type: 'container',
      name: 'racines/notes',
      description: expect.stringContaining('not listed'),
      hashes: [{ alg: 'SHA-256', content: '99'.repeat(32) }],
      licenses: [{ expression: 'MIT AND BSD-3-Clause' }],
      purl: `pkg:oci/notes@sha256%3A${'99'.repeat(32)}?arch=arm64&repository_url=registry.example%3A5000%2Fracines%2Fnotes`,
    });
  });

  it('names every package that is there, with the digest of its .deb', () => {
    const packages = bom.components.filter(({ purl }) => purl?.startsWith('pkg:deb/'));
    expect(packages.map(({ name }) => name)).toEqual(['adduser', 'busybox', 'gcc-14-base', 'libc6', 'libgcc-s1', 'raspi-firmware']);
    expect(find('pkg:deb/debian/busybox@1:1.37.0-6%2Bb9?arch=arm64')).toEqual({
      type: 'library',
      'bom-ref': 'pkg:deb/debian/busybox@1:1.37.0-6%2Bb9?arch=arm64',
      supplier: { name: 'Debian Install System Team <debian-boot@lists.debian.org>' },
      name: 'busybox',
      version: '1:1.37.0-6+b9',
      hashes: [{ alg: 'SHA-256', content: '77'.repeat(32) }],
      licenses: [{ license: { name: 'Expat or Tiny' } }, { license: { id: 'GPL-2.0-only' } }],
      purl: 'pkg:deb/debian/busybox@1:1.37.0-6%2Bb9?arch=arm64&distro=debian-13',
      properties: [
        { name: 'semeur:debian:section', value: 'utils' },
        { name: 'semeur:debian:source', value: 'busybox' },
        { name: 'semeur:debian:source-version', value: '1:1.37.0-6' },
      ],
    });
    expect(find('os:debian')).toMatchObject({ type: 'operating-system', version: '13' });
  });

  it('says where to look when no licence is named, and nothing when there is no file', () => {
    expect(find('pkg:deb/debian/adduser@3.152?arch=all')?.licenses).toEqual([{ license: { name: 'as in /usr/share/doc/adduser/copyright' } }]);
    expect(find('pkg:deb/debian/raspi-firmware@1.20240424%2Bds-6?arch=all')).not.toHaveProperty('licenses');
  });

  it('tells who needs whom, through provided names too', () => {
    const needs = (ref: string) => bom.dependencies.find((dependency) => dependency.ref === ref)?.dependsOn;
    const busybox = 'pkg:deb/debian/busybox@1:1.37.0-6%2Bb9?arch=arm64';
    expect(needs('pkg:deb/debian/adduser@3.152?arch=all')).toEqual([busybox]);
    expect(needs('overlay:website')).toEqual([busybox]);
    expect(needs('profile:maison')).toHaveLength(bom.components.length);
    const known = new Set([...bom.components.map((component) => component['bom-ref']), 'profile:maison']);
    expect(bom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter((ref) => !known.has(ref))).toEqual([]);
  });

  it('keeps what made the card apart from what is on it', async () => {
    const names = bom.formulation.flatMap(({ components }) => components.map(({ name }) => name));
    expect(names).toEqual(expect.arrayContaining(['execa', 'zod', '@inquirer/prompts', 'mtools', 'e2fsprogs']));
    expect(names).not.toContain('vitest');
    const execa = bom.formulation[0]?.components.find(({ name }) => name === 'execa');
    const { integrity } = JSON.parse(await readFile(join(findCheckout(), 'package-lock.json'), 'utf8')).packages['node_modules/execa'];
    expect(`sha512-${Buffer.from(execa?.hashes?.[0]?.content ?? '', 'hex').toString('base64')}`).toBe(integrity);
    expect(execa?.licenses).toEqual([{ license: { id: 'MIT' } }]);
  });

  it("has Semeur's own overlays file by file, under its licence, and the operator's under none", async () => {
    const workspace = join(folder, 'workspace');
    await cp(join(findCheckout(), 'examples'), workspace, { recursive: true });
    await mkdir(join(workspace, 'overlays', 'ours'), { recursive: true });
    const words = '{ fr: Le nôtre, en: Ours }';
    await writeFile(join(workspace, 'overlays', 'ours', 'overlay.yaml'), `overlay: ours\ntitle: ${words}\nsummary: ${words}\npackages: []\n`);
    const { overlays } = await loadWorkspace(workspace);
    const laid = await readLaidOverlays([...overlays.values()], findCheckout());
    expect(laid.filter(({ shipped }) => !shipped).map(({ name }) => name)).toEqual(['nextcloud', 'ours']);
    expect(laid.find(({ name }) => name === 'firstboot')?.files.length).toBeGreaterThan(20);
    const [card, tools] = [await readCardContents(folder), await readBuildTools(findCheckout())];
    const sbom = renderSbom({ profile: 'maison', architecture: 'arm64', prefixDigest: 'ab'.repeat(32), card, overlays: laid, lock: LOCK, tools });
    expect((await compileSchema())(sbom)).toEqual([]);
    const firstboot = (JSON.parse(sbom) as Bom).components.find((component: Component) => component['bom-ref'] === 'overlay:firstboot');
    expect(firstboot?.licenses).toEqual([{ license: { id: 'AGPL-3.0-or-later' } }]);
  });

  it('takes any licence that people write', async () => {
    const check = await compileSchema();
    const card = await readCardContents(folder);
    const tools = { version: '1', licence: 'MIT', npm: [] };
    const name = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom('MIT', 'Expat', 'GPL-2+ or MIT', 'GPL-2+ and ISC', ' or ', '(MIT)', '((MIT OR ISC))'),
    );
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const licences = new Map([['libc6', names]]);
        expect(
          check(
            renderSbom({
              profile: 'a',
              architecture: 'arm64',
              prefixDigest: 'ab'.repeat(32),
              card: { ...card, licences },
              overlays: [],
              lock: LOCK,
              tools,
            }),
          ),
        ).toEqual([]);
      }),
    );
  });
});

describe('an SBOM and a provenance', () => {
  it('are the same bytes in another order of what goes in', async () => {
    const reverse = <T>(list: readonly T[]) => list.toReversed();
    expect(await renderSmallSbom(folder, reverse)).toBe(text);
    expect(renderSmallProvenance(reverse)).toBe(renderSmallProvenance());
  });

  it('are the same bytes in another time zone, language and folder', async () => {
    const other = await mkdtemp(join(tmpdir(), 'semeur-sbom-zélé-'));
    try {
      await makeSmallCard(other, STANZAS.toReversed());
      const env = { TZ: 'Pacific/Apia', LANG: 'et_EE.UTF-8', LC_ALL: 'et_EE.UTF-8' };
      const { stdout } = await execa(process.execPath, [join(import.meta.dirname, 'render-small-card.ts'), other], {
        env,
        cwd: other,
        stripFinalNewline: false,
      });
      expect(stdout).toBe(text + renderSmallProvenance());
    } finally {
      await rm(other, { recursive: true });
    }
  });

  it('have another serial number for other contents', async () => {
    const { serialNumber } = JSON.parse(text);
    const card = await readCardContents(folder);
    const tools = await readBuildTools(findCheckout());
    const facts = { profile: 'maison', architecture: 'arm64', prefixDigest: 'ab'.repeat(32), card, overlays: [], lock: LOCK, tools };
    expect(JSON.parse(renderSbom(facts)).serialNumber).not.toBe(serialNumber);
    expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
