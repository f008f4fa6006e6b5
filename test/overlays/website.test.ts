import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { makeHomeFolder } from '../home/home-process.ts';
import { closeHomes, enrol, issue, openHome } from '../home/open-home.ts';
import { until } from '../until.ts';
import { makeServiceCard, type ServiceCard, whyNoService } from './service-card.ts';

const reason = await whyNoService('caddy', 'curl', 'ip', 'nft', 'ss');
const DOMAIN = 'www.durand.example';
const AUTHORITY = 'acme.example';
/** All in the card's network: what the DNS says of the domain, where home listens instead of at its port 443, and the authority. */
const [PUBLIC, HOME, THEIRS] = ['198.51.100.1', '127.0.0.1:4433', '127.0.0.9'];
const TO_HOME = `table ip internet {
  chain output {
    type nat hook output priority -100
    ip daddr ${PUBLIC} tcp dport 443 dnat to ${HOME}
  }
}`;

/** The front door with the website behind it, as it lies on a card. */
async function makeFrontDoor(settings: Record<string, string>): Promise<{ card: ServiceCard; config: string }> {
  const card = await makeServiceCard('website', settings);
  await cp(join(findCheckout(), 'overlays', 'front', 'files'), card.root, { recursive: true });
  const config = card.path('etc/caddy/Caddyfile');
  const site = card.path('etc/caddy/sites.d/website.caddy');
  await writeFile(site, (await readFile(site, 'utf8')).replace('root * ', `root * ${card.root}`));
  return { card, config };
}

const caddy = (verb: string, config: string) => ['caddy', verb, '--config', config, '--adapter', 'caddyfile'];

describe.skipIf(reason)(`the website of a client without a domain (${reason ?? 'Caddy'})`, () => {
  it('is as it was: no port 443, no authority, nothing but the front door', async () => {
    const { card, config } = await makeFrontDoor({});
    try {
      expect((await card.run(...caddy('validate', config))).output).toContain('Valid configuration');
      const { output } = await card.run('sh', '-c', '"$@" 2>/dev/null', 'sh', ...caddy('adapt', config));
      const { apps } = JSON.parse(output);
      expect(Object.keys(apps)).toEqual(['http']);
      expect(Object.values<{ listen: string[] }>(apps.http.servers).map(({ listen }) => listen)).toEqual([[':80']]);
      card.start('env', `HOME=${card.path('caddy')}`, ...caddy('run', config));
      await until(
        async () => (await card.run('curl', '--silent', '--fail', '--output', '/dev/null', 'http://127.0.0.1/site/style.css')).exitCode !== 7,
      );
      expect((await card.run('ss', '-Hlntu')).output.trim()).toMatch(/^tcp\s+LISTEN\s+\d+\s+\d+\s+\*:80\s+\*:\*$/);
      expect((await card.run('find', card.path('caddy'), '-name', 'acme*')).output).not.toContain('acme/');
    } finally {
      await card.close();
    }
  });
});

describe.skipIf(reason)(`the website of a client with a domain, through home (${reason ?? "Caddy; the authority is Caddy's own"})`, () => {
  let card: ServiceCard;
  const endings: (() => Promise<string>)[] = [];
  const curl = (...words: string[]) => card.run('curl', '--silent', '--show-error', '--max-time', '10', '--cacert', card.path('root.pem'), ...words);

  const tellWhy = async (error: Error) => {
    throw new Error(`${error.message}:\n${(await Promise.all(endings.map((end) => end()))).join('\n')}`);
  };

  beforeAll(async () => {
    const door = await makeFrontDoor({ domain: DOMAIN, title: 'La ferme', text: 'Bonjour' });
    card = door.card;
    await writeFile(card.path('hosts'), `${PUBLIC} ${DOMAIN} nobody.example\n${THEIRS} ${AUTHORITY}\n`);
    await card.run('mount', '--no-mtab', '--bind', card.path('hosts'), '/etc/hosts');
    await writeFile(card.path('rules'), TO_HOME);
    await card.run('ip', 'address', 'add', `${PUBLIC}/32`, 'dev', 'lo');
    expect(await card.run('nft', '--file', card.path('rules'))).toEqual({ exitCode: 0, output: '' });
    await startAuthority(card);
    // All is as on a card, but for where the authority is.
    const ours = `acme_ca https://${AUTHORITY}:8443/acme/local/directory\n\tacme_ca_root ${card.path('root.pem')}`;
    await writeFile(door.config, (await readFile(door.config, 'utf8')).replace('admin off', `admin off\n\t${ours}`));
    endings.push(await startHomeBeside(card));
    // An authority whose first try finds nobody lets a card wait for minutes.
    await until(async () => (await curl('https://nobody.example/')).exitCode === 35, 60).catch(tellWhy);
    endings.push(card.start('env', `HOME=${card.path('caddy')}`, ...caddy('run', door.config)));
    await until(async () => (await curl(`https://${DOMAIN}/`)).exitCode === 0, 60).catch(tellWhy);
  }, 175_000);

  afterAll(() => card?.close());

  it('gets its certificate by TLS-ALPN-01 through home, without port 80, and shows the page to all the world', async () => {
    const { output } = await curl('--include', `https://${DOMAIN}/`);
    expect(output).toContain('<h1>La ferme</h1>');
    expect(output).toMatch(/^HTTP\/2 200/);
    // HTTP/3 would be UDP, which home doesn't pass on.
    expect(output).not.toMatch(/^alt-svc:/im);
    const key = await card.run('find', card.path('caddy'), '-name', `${DOMAIN}.key`);
    expect(key.output.split('\n')).toHaveLength(1);
  });

  it('is nothing to who asks for another name, and its front door nothing to the internet', async () => {
    expect((await curl('https://nobody.example/')).output).toMatch(/unrecognized name|alert/);
    const lied = await curl('--header', 'Host: durand.local', `https://${DOMAIN}/site/`);
    expect(lied.output).not.toContain('La ferme');
  });

  it('leaves in the log of home, and of the card, neither visitors nor what they asked for', async () => {
    for (const end of endings.splice(0)) {
      const log = await end();
      expect(log).not.toMatch(/style\.css|nobody\.example|"remote_ip"/);
    }
  });
});

/** An ACME server in the place of a public one. */
async function startAuthority(card: ServiceCard): Promise<void> {
  const folder = card.path('authority');
  await mkdir(folder);
  const config = join(folder, 'Caddyfile');
  const options = `admin off\n\tskip_install_trust\n\tdefault_bind ${THEIRS}\n\tauto_https disable_redirects\n\tstorage file_system ${folder}`;
  await writeFile(config, `{\n\t${options}\n}\n${AUTHORITY}:8443 {\n\ttls internal\n\tacme_server\n}\n`);
  card.start('env', `HOME=${folder}`, ...caddy('run', config));
  const root = join(folder, 'pki', 'authorities', 'local', 'root.crt');
  await until(async () => (await card.run('cp', root, card.path('root.pem'))).exitCode === 0);
}

/** `semeur home serve`, with durand's card confirmed. @returns what ends it, and gives its log. */
async function startHomeBeside(card: ServiceCard): Promise<() => Promise<string>> {
  const home = await openHome();
  const issued = issue('durand', { domains: [DOMAIN] });
  await home.take(issued.order);
  await enrol(home, issued);
  await home.close();
  await cp(home.folder, card.path('home'), { recursive: true });
  await closeHomes();
  const workspace = await makeHomeFolder();
  await cp(workspace, card.path('workspace'), { recursive: true });
  await rm(workspace, { recursive: true });
  const main = join(findCheckout(), 'cli', 'main.ts');
  const places = ['--workspace', card.path('workspace'), '--state', card.path('home')];
  const flags = ['--no-vpn', '--listen', '127.0.0.1:0', '--sites', HOME];
  return card.start(process.execPath, '--disable-warning=ExperimentalWarning', main, 'home', 'serve', ...places, ...flags);
}
