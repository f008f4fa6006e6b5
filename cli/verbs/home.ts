import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { ordersFolder } from '../../builder/seed/order.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { loadOperator } from '../../builder/workspace/load.ts';
import { refuseListen } from '../../builder/workspace/rules/addresses.ts';
import type { Operator } from '../../builder/workspace/schema.ts';
import { readHomeTls, readHubKey } from '../../builder/workspace/secrets.ts';
import type { DownloadOptions } from '../../home/download/desk.ts';
import { serveHome } from '../../home/serve.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { addLinks } from './home-link.ts';
import { addOperators } from './home-operator.ts';
import { stateFolderOf } from './state-folder.ts';
import type { RunVerb } from './verb.ts';

interface ServeFlags {
  readonly state?: string;
  readonly orders?: string;
  readonly interface: string;
  readonly firewall: boolean;
  readonly vpn: boolean;
  readonly listen?: string;
  readonly rescue?: number;
  readonly downloads?: string;
  readonly sites?: string;
  readonly plans?: string;
  readonly prefixes?: string;
}

export function addHome(program: Command, run: RunVerb): void {
  const home = program.command('home').description('the server that cards call');
  addOperators(home, run);
  addLinks(home, run);
  home
    .command('serve')
    .description('take the cards in and hear how they are, until Ctrl-C or SIGTERM; as root, for the VPN')
    .option('--state <dir>', "where it keeps its database (default: home/ of the workspace; the operators' own keys are never there)")
    .option('--orders <dir>', 'what the operators say of their clients (default: out/orders/ of the workspace)')
    .option('--interface <name>', 'of the VPN', 'semeur0')
    .option('--no-firewall', 'leave the packet filter alone: you keep cards from one another yourself')
    .option('--no-vpn', 'run without a tunnel, on 127.0.0.1, for tests: anybody on this machine can be any card')
    .option('--rescue <seconds>', 'let a card whose clock was ahead come back when it has been silent for so long (default: 300)', readSeconds)
    .option('--listen <address:port>', 'where the internet reaches it (default: home.listen of semeur.yaml)', readListen)
    .option('--downloads <address:port>', "where the proxy that ends TLS reaches clients' download pages (default: there are none)", readListen)
    .option(
      '--sites <address:port>',
      "where visitors of clients' own sites come, to be passed on unread to their cards (default: nobody is)",
      readListen,
    )
    .option('--plans <dir>', 'what may be downloaded (default: out/downloads/ of the workspace)')
    .option('--prefixes <dir>', "where the profiles' compressed images are kept, DIGEST/prefix.xz (default: prefixes/ of the cache)")
    .addHelpText('after', examples('semeur home serve', 'semeur home serve --state /var/lib/semeur --no-firewall'))
    .action((flags: ServeFlags) => run((session) => serve(session, flags)));
}

function readListen(text: string): string {
  const refusal = refuseListen(text);
  if (refusal) throw new InvalidArgumentError(`${refusal.message}.`);
  return text;
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 10)) throw new InvalidArgumentError('Give a number of seconds, 10 or more.');
  return seconds;
}

/** Runs home. It reads semeur.yaml and two secrets of the workspace: the keys that sign seeds and open cards needn't be on this machine. */
async function serve(session: Session, flags: ServeFlags): Promise<Report> {
  const folder = findWorkspace(session);
  const operator = await loadOperator(folder);
  const { vpn, home } = operator;
  const [hub, tls] = await Promise.all([readHubKey(folder), readHomeTls(folder)]);
  const stateFolder = stateFolderOf(folder, flags.state);
  await serveHome({
    stateFolder,
    ordersFolder: flags.orders === undefined ? ordersFolder(folder) : resolve(flags.orders),
    prefix: vpn.prefix,
    hubPrivateKey: hub.privateKey,
    tls: { key: tls.key, cert: tls.certificate },
    listen: flags.listen ?? home.listen,
    endpoints: vpn.endpoints,
    downloadsUrl: home.downloads?.replace(/\/$/, ''),
    vpn: flags.vpn
      ? {
          interface: flags.interface,
          port: home.vpnPort,
          ports: vpn.endpoints.map(portOf),
          firewall: flags.firewall,
          rescueSeconds: flags.rescue,
        }
      : undefined,
    downloads: flags.downloads === undefined ? undefined : { listen: flags.downloads, ...planDownloads(folder, operator, flags) },
    sites: flags.sites,
    signal: session.signal,
  });
  return { json: { state: stateFolder }, text: [] };
}

function planDownloads(folder: string, { operator, email, phone, timezone, home }: Operator, { plans, prefixes }: ServeFlags): DownloadOptions {
  if (home.downloads === undefined) {
    throw new Failure('Cannot offer downloads: "home.downloads" of semeur.yaml is missing', {
      hint: 'Write there where the internet reaches the download pages, such as "https://images.example.org"',
      exitCode: EXIT.usage,
    });
  }
  return {
    plans: plans === undefined ? join(folder, 'out', 'downloads') : resolve(plans),
    prefixes: prefixes === undefined ? cacheFolder('prefixes') : resolve(prefixes),
    url: home.downloads.replace(/\/$/, ''),
    contact: { operator, email, phone, timezone },
  };
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
}
