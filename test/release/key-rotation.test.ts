import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderAllowedSigners } from '../../builder/profile/profile-files.ts';
import { followRotations, KEY_STATEMENTS, rotateKey } from '../../builder/release/folder/key-rotation.ts';
import { signRelease } from '../../builder/release/folder/sign.ts';
import { readPublicKey, renderSigner } from '../../builder/release/folder/signers.ts';
import { renderSums, SUMS, sumFolder } from '../../builder/release/folder/sums.ts';
import { verifyRelease } from '../../builder/release/taking/verify-release.ts';
import { signHeaders, verifySignature } from '../../builder/seed/signature.ts';
import { fingerprintOf } from '../../kit/ssh-signature.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { makeKey, withRelease } from './sample-release.ts';

const { signal } = createQuietSession();

/** Releases again, with what the workspace says of its keys, signed by `keyFile`. */
async function releaseAgain(release: string, statements: string, keyFile: string): Promise<void> {
  await writeFile(join(release, KEY_STATEMENTS), statements);
  await writeFile(join(release, SUMS), renderSums(await sumFolder(release, signal)));
  await signRelease(release, keyFile, signal);
}

describe('the drill of a new release key', () => {
  it('lets whoever trusts the first key verify what the third one signed, and nothing that a stranger says', () =>
    withRelease(async ({ folder, workspace, release, keyFile, signers }) => {
      const verify = () => verifyRelease(createQuietSession(), release, signers).then(({ signer }) => signer, String);
      const [second, third, stranger] = [await makeKey(folder, 'second'), await makeKey(folder, 'third'), await makeKey(folder, 'stranger')];
      const print = async (key: string) => fingerprintOf(await readFile(`${key}.pub`, 'utf8'));
      const statements = () => readFile(join(workspace, KEY_STATEMENTS), 'utf8');
      await rotateKey(workspace, { from: keyFile, to: second }, '2026-11-26', signal);
      await rotateKey(workspace, { from: second, to: third }, '2027-11-26', signal);
      const chain = await statements();
      await releaseAgain(release, chain, third);
      expect(await verify()).toBe(await print(third));
      // What the old key signed before stays as it was.
      await releaseAgain(release, chain, keyFile);
      expect(await verify()).toBe(await print(keyFile));
      await expect(rotateKey(workspace, { from: keyFile, to: stranger }, '2027-11-27', signal)).rejects.toThrow(await print(third));
      await rotateKey(folder, { from: stranger, to: third }, '2027-11-27', signal);
      await releaseAgain(release, await readFile(join(folder, KEY_STATEMENTS), 'utf8'), stranger);
      expect(await verify()).toContain('no signature of its SHA256SUMS');
      // A statement that the new key has not signed may name a key whose owner knows nothing of it.
      await releaseAgain(
        release,
        chain.replace(/(-----BEGIN[\s\S]*?END SSH SIGNATURE-----\n)(-----BEGIN[\s\S]*?END SSH SIGNATURE-----\n)/, '$1$1'),
        second,
      );
      expect(await verify()).toContain('no signature of its SHA256SUMS');
      await releaseAgain(release, `${chain}more\n`, third);
      expect(await verify()).toContain(`"${KEY_STATEMENTS}": it is damaged`);
    }));
});

describe('following statements', () => {
  it('trusts no successor of a key that counts for something else than releases', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-keys-'));
    try {
      const [first, second] = [await makeKey(folder, 'first'), await makeKey(folder, 'second')];
      await rotateKey(folder, { from: first, to: second }, '2026-11-26', signal);
      const statements = await readFile(join(folder, KEY_STATEMENTS), 'utf8');
      const follow = async (namespaces: string) => {
        const signers = `release namespaces="${namespaces}" ${await readPublicKey(first)}\n`;
        return (await followRotations(signers, statements, signal)).slice(signers.length);
      };
      const successor = `${renderSigner(await readPublicKey(second))}\n`;
      expect([await follow('semeur-release'), await follow('git,semeur-release'), await follow('semeur-*')]).toEqual(Array(3).fill(successor));
      expect([await follow('git'), await follow('semeur-release-notes')]).toEqual(['', '']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('refuses more of them than anybody makes, before it looks at one: each would cost a run of ssh-keygen', async () => {
    const armor = '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n';
    const statement = `semeur release key\nfrom ssh-ed25519 AAAA\nto ssh-ed25519 BBBB\non 2026-11-26\n${armor}${armor}`;
    await expect(followRotations('', statement.repeat(40_000), signal)).rejects.toThrow('damaged');
  });
});

describe('the drill of a new seed key', () => {
  it('lets cards of the next profile take seeds of the old key as well, until its line is taken out', () =>
    withRelease(async ({ folder }) => {
      const [before, after] = [await makeKey(folder, 'before'), await makeKey(folder, 'after')];
      const [old, current] = [await readFile(`${before}.pub`, 'utf8'), await readFile(`${after}.pub`, 'utf8')];
      const header = Buffer.alloc(4096, '\n');
      const [block = Buffer.alloc(0)] = await signHeaders([header], before, signal);
      expect(await verifySignature(header, block, renderAllowedSigners(current + old))).toBe(fingerprintOf(old));
      expect(await verifySignature(header, block, renderAllowedSigners(current))).toBeUndefined();
    }));
});
