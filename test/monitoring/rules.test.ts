import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { closeHomes, openHome } from '../home/open-home.ts';
import { type AlertRule, MONITORING, metricsIn, readPanelQueries, readRules } from './monitoring-files.ts';

afterEach(closeHomes);

const PAGE = join(findCheckout(), 'docs', 'monitoring.md');

/** Fails with all that it wrote. */
async function check(...argv: [string, ...string[]]): Promise<void> {
  const [program, ...args] = argv;
  const { exitCode, all } = await execa(program, args, { cwd: MONITORING, all: true, reject: false, stdin: 'ignore' });
  if (exitCode !== 0) expect.fail(`${argv.join(' ')} exited with ${exitCode}:\n${all}`);
}

describe('the alert rules', () => {
  it('are what Prometheus takes, with its configuration and the one of the mails', async () => {
    await check('promtool', 'check', 'config', 'prometheus.yml');
    await check('promtool', 'check', 'rules', '--lint-fatal', 'rules/semeur.yml');
    await check('amtool', 'check-config', 'alertmanager.yml');
  });

  it('fire when they should, and not otherwise (promtool test rules)', () => check('promtool', 'test', 'rules', 'rules/semeur.test.yml'));

  it('are tried there, each of them', async () => {
    const tests = await readFile(join(MONITORING, 'rules/semeur.test.yml'), 'utf8');
    const untried = (await readRules()).filter(({ alert }) => !new RegExp(`alertname(="|: )${alert}\\b`).test(tests));
    expect(untried.map(({ alert }) => alert)).toEqual([]);
  });

  it('say how urgent they are, and in French and English what is so, what it means, and what to do', async () => {
    const texts = ['summary', 'description', 'do'].flatMap((name) => [`${name}_fr`, `${name}_en`]);
    for (const { alert, labels, annotations } of await readRules()) {
      expect(['critical', 'warning'], alert).toContain(labels['severity']);
      expect(Object.keys(annotations), alert).toEqual(texts);
      for (const name of texts) expect(annotations[name], `${alert} ${name}`).toMatch(/^[A-ZÀÉ].*[.)]$/);
    }
  });

  it('are in docs/monitoring.md, word for word', async () => {
    const page = await readFile(PAGE, 'utf8');
    expect(page.split('\n').filter((line) => line.startsWith('| `Semeur'))).toEqual((await readRules()).map(renderRow));
  });

  it("ask for metrics that home has, as Grafana's panels do", async () => {
    const queries = [...(await readRules()).map(({ expr }) => expr), ...(await readPanelQueries())];
    const { text } = await (await openHome()).metrics('/metrics');
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
    expect(metricsIn(queries).filter((name) => name.startsWith('semeur_') && !names.includes(name))).toEqual([]);
    // And the page tells of each.
    const page = await readFile(PAGE, 'utf8');
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('ask the cards for nothing that Prometheus throws away, nor has it keep more', async () => {
    const queries = [...(await readRules()).map(({ expr }) => expr), ...(await readPanelQueries())];
    const kept = /regex: (node_\S+)/.exec(await readFile(join(MONITORING, 'prometheus.yml'), 'utf8'))?.[1]?.split('|');
    expect(metricsIn(queries).filter((name) => name.startsWith('node_'))).toEqual(kept);
  });
});

describe("Grafana's panels", () => {
  it('ask in words that Prometheus understands', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-panels-'));
    try {
      const rules = (await readPanelQueries()).map((expr, index) => ({ record: `panel:${index}`, expr }));
      expect(rules.length).toBeGreaterThan(10);
      // JSON is YAML too.
      await writeFile(join(folder, 'panels.yml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }));
      await check('promtool', 'check', 'rules', join(folder, 'panels.yml'));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

function renderRow({ alert, labels, annotations, for: after }: AlertRule): string {
  return `| \`${alert}\` | ${labels['severity']} | ${after ?? 'at once'} | ${annotations['description_en']} | ${annotations['do_en']?.replaceAll('|', '\\|')} |`;
}
