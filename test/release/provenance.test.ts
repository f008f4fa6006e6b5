import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BUILD_TYPE, renderProvenance } from '../../builder/release/software/provenance.ts';
import { renderSmallProvenance } from './render-small-card.ts';
import { LOCK } from './small-card.ts';

const uri = z.string().regex(/^[a-z][a-z0-9+.-]*:\S+$/);
/** Hexadecimal, by the algorithm's name (in-toto's digest_set.md): those that we use, no other. */
const digestSet = z.union([
  z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  z.strictObject({ gitCommit: z.string().regex(/^[0-9a-f]{40}$/) }),
]);
const resource = z.strictObject({
  name: z.string().min(1),
  uri: uri.optional(),
  digest: digestSet,
  annotations: z.record(z.string(), z.unknown()).optional(),
});
/** Every field of statement.md (in-toto attestation, v1) and of SLSA's provenance v1 that we may write, and none besides. */
const statementSchema = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z
    .array(resource)
    .min(1)
    .refine((subjects) => new Set(subjects.map(({ name }) => name)).size === subjects.length),
  predicateType: z.literal('https://slsa.dev/provenance/v1'),
  predicate: z.strictObject({
    buildDefinition: z.strictObject({
      buildType: uri,
      externalParameters: z.strictObject({ profile: z.string(), workspace: z.array(resource) }),
      internalParameters: z.record(z.string(), z.unknown()),
      resolvedDependencies: z.array(resource),
    }),
    runDetails: z.strictObject({ builder: z.strictObject({ id: uri, version: z.record(z.string(), z.string()) }) }),
  }),
});

describe('renderProvenance()', () => {
  it('is an in-toto Statement v1 with SLSA provenance v1 (a schema of ours, from their text: they publish protobufs and CUE, no JSON schema)', () => {
    const statement = statementSchema.parse(JSON.parse(renderSmallProvenance()));
    expect(statement.subject.map(({ name }) => name)).toEqual(['MAISON.bmap', 'maison.img.xz', 'workspace/écoute.yaml']);
    expect(statement.predicate.buildDefinition.buildType).toBe(BUILD_TYPE);
    expect(statement.predicate.buildDefinition.externalParameters).toEqual({
      profile: 'maison',
      workspace: [
        { name: 'profiles/maison.yaml', digest: { sha256: 'db'.repeat(32) } },
        { name: 'semeur.yaml', digest: { sha256: 'da'.repeat(32) } },
      ],
    });
  });

  it('names every package and list of the lock by its digest, once, and the commits that there are', () => {
    const { resolvedDependencies } = statementSchema.parse(JSON.parse(renderSmallProvenance())).predicate.buildDefinition;
    expect(resolvedDependencies[0]).toEqual({ name: 'semeur', digest: { gitCommit: 'e8'.repeat(20) } });
    const digests = resolvedDependencies.slice(1).map(({ digest }) => ('sha256' in digest ? digest.sha256 : ''));
    const { toolbox, base, added } = LOCK;
    const image = '99'.repeat(32);
    const locked = [image, ...[toolbox, base, added].flatMap(({ lists = [], debs }) => [...lists, ...debs]).map(({ sha256 }) => sha256)];
    expect(resolvedDependencies).toContainEqual({
      name: 'container:notes',
      uri: `oci://registry.example:5000/racines/notes@sha256:${image}`,
      digest: { sha256: image },
    });
    expect(digests.sort()).toEqual([...new Set(locked)].sort());
    expect(resolvedDependencies).toContainEqual({
      name: 'busybox_1%3a1.37.0-6+b9_arm64.deb',
      uri: 'pkg:deb/debian/busybox@1:1.37.0-6%2Bb9?arch=arm64',
      digest: { sha256: '77'.repeat(32) },
    });
  });

  it('names the image that a base is made of', () => {
    const download = { bytes: 3, sha256: 'aa'.repeat(32), url: 'https://downloads.invalid/os.img.xz' };
    const image = { suite: 'trixie' as const, release: '2026-06-18', download, image: { bytes: 9, sha256: 'bb'.repeat(32) } };
    const lock = { ...LOCK, image };
    const commits = { semeur: undefined, workspace: 'f0'.repeat(20) };
    const text = renderProvenance({
      subjects: [{ name: 'a', sha256: '00'.repeat(32) }],
      profile: 'a',
      version: '1',
      lock,
      commits,
      workspaceFiles: [],
    });
    expect(statementSchema.parse(JSON.parse(text)).predicate.buildDefinition.resolvedDependencies.slice(0, 2)).toEqual([
      { name: 'workspace', digest: { gitCommit: 'f0'.repeat(20) } },
      { name: 'os-image', uri: download.url, digest: { sha256: 'aa'.repeat(32) }, annotations: { unpackedSha256: 'bb'.repeat(32) } },
    ]);
  });

  it('has no time in it', () => {
    expect(renderSmallProvenance()).not.toMatch(/startedOn|finishedOn|\d{4}-\d{2}-\d{2}T/);
  });
});
