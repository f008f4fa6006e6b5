import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles, SUMS, SUMS_SIGNATURE } from '../../builder/release/folder/sums.ts';
import { runCommand } from '../../kit/command.ts';
import { CHECKOUT } from '../card/cards.ts';
import { startServer } from '../fetch/image-server.ts';
import { readRelease, withRelease, writeFiles } from './sample-release.ts';

/** The blocks of one part of docs/verify.md, one after the other, as somebody would paste them. */
async function readScript(title: string, address: string): Promise<string> {
  const text = await readFile(join(CHECKOUT, 'docs', 'verify.md'), 'utf8');
  const part = text.split('\n## ').find((section) => section.startsWith(title)) ?? '';
  const blocks = [...part.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks.join('').replaceAll('https://example.org/release', address);
}

describe('docs/verify.md', () => {
  it('works as written with stock tools, and stops at a file that is another', () =>
    withRelease(async ({ folder, release, keyFile }) => {
      const files = await readRelease(release, [...(await listFiles(release)), SUMS, SUMS_SIGNATURE]);
      await using server = await startServer(files);
      const paste = async (name: string) => {
        await writeFiles(join(folder, name), { 'operator.pub': await readFile(`${keyFile}.pub`) });
        const script = `set -eu\n${await readScript('With stock tools', server.url)}`;
        return String(await runCommand(['bash', '-c', script], { cwd: join(folder, name) }));
      };
      const said = await paste('first');
      expect(said).toMatch(/^Good "semeur-release" signature for release with ED25519 key/);
      expect(said).toMatch(/every file is as it was signed\n"sha256": "[0-9a-f]{64}"\n0\n$/);
      files['/NOTES.md'] = Buffer.from('another');
      const other = await paste('second');
      expect(other).toContain('NOTES.md: FAILED');
      expect(other).not.toContain('every file');
    }));
});
