import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { profileFiles } from '../../builder/profile/profile-files.ts';
import { CARD_CONF, renderCardConf } from '../../protocol/card-conf.ts';
import { CARD_METRICS_PORT, METRICS_PORT, STATUS_PORT, TUNNEL_PORT } from '../../protocol/ports.ts';
import { REGION_BYTES, REPORT_BYTES } from '../../protocol/sizes.ts';
import { DASH } from '../firstboot/card.ts';
import { wellCard } from '../firstboot/well-card.ts';
import { removeMade } from '../seed/seed-key.ts';

const read = (file: string) => readFile(join(findCheckout(), file), 'utf8');
const PROGRAMS = 'firstboot/files/usr/lib/semeur';

afterAll(removeMade);

describe('card.conf', () => {
  it('is on every card, for anybody to read, as this protocol has it', () => {
    const facts = { profile: 'maison', build: '0', epoch: 0, seedKey: '', settings: [], units: [], lists: {}, cardSources: undefined };
    const files = profileFiles({ ...facts, plan: { regionOffset: 0 } } as unknown as Parameters<typeof profileFiles>[0]);
    const conf = files.find(({ path }) => path === CARD_CONF);
    expect(conf).toMatchObject({ mode: 0o644, content: { file: Buffer.from(renderCardConf()) } });
  });

  it('gives sh numbers, by assignments alone', async () => {
    expect(renderCardConf()).toMatch(/^([A-Z_]+=\d+\n)+$/);
    const card = await wellCard();
    await writeFile(
      card.path('usr/lib/semeur/say'),
      `set -eu\n. "$ROOT${CARD_CONF}"\necho $HOME_PORT $STATUS_PORT $METRICS_PORT $REGION_BYTES $REPORT_BYTES\n`,
    );
    const wanted = [TUNNEL_PORT, STATUS_PORT, CARD_METRICS_PORT, REGION_BYTES, REPORT_BYTES];
    expect((await card.run(DASH, 'say')).output).toBe(wanted.join(' '));
  });

  it('is the only place on a card that knows these numbers', async () => {
    const entries = await readdir(join(findCheckout(), PROGRAMS), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) expect((await readFile(file, 'utf8')).match(/\b(?:8080|8480|9100|4194304)\b/), file).toBeNull();
  });
});

/** Units, Caddy, Prometheus and a trial's examination read no card.conf. */
describe('a file that cannot ask for a port', () => {
  it.each([
    ['firstboot/files/usr/lib/systemd/system/semeur-status.socket', /^ListenStream=(\d+)$/m, STATUS_PORT],
    ['overlays/front/files/etc/caddy/Caddyfile', /reverse_proxy 127\.0\.0\.1:(\d+)$/m, STATUS_PORT],
    ['builder/try/examine-service.sh', /^tcp (84\d+)$/m, STATUS_PORT],
    ['builder/try/examine-service.sh', /^tcp (9\d+)$/m, CARD_METRICS_PORT],
    ['monitoring/prometheus.yml', /::1\]:(\d+)"\]$/m, METRICS_PORT],
    ['monitoring/prometheus.yml', /::1\]:(\d+)\/targets$/m, METRICS_PORT],
  ] as const)('has the one that the protocol gives: %s %s', async (file, form, port) => {
    expect(Number(form.exec(await read(file))?.[1])).toBe(port);
  });
});
