import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { withUserCertificate, writeKnownHosts } from '../../builder/seed/user-certificate.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { loadOperator } from '../../builder/workspace/load.ts';
import { type FleetDetails, showCard } from '../../home/store/fleet.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { exitCodeOf, runCommand } from '../../kit/command.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { planNetwork } from '../../protocol/addresses.ts';
import { examples } from './examples.ts';
import { ago } from './fleet.ts';
import { STATE, stateFolderOf } from './state-folder.ts';
import type { RunVerb } from './verb.ts';

interface OwnOptions {
  readonly state?: string;
  readonly json?: boolean;
  readonly workspace?: string;
}

export function addSsh(program: Command, run: RunVerb): void {
  program
    .command('ssh')
    .argument('<client>')
    .argument('[command...]', 'to run there instead of a shell; options before it are ours')
    .description("open a shell on a client's card, through the VPN; the client sees in the card's log who came and when")
    .option(...STATE)
    .passThroughOptions()
    .addHelpText('after', examples('semeur ssh durand', 'semeur ssh durand systemctl --failed'))
    .action((client: string, words: string[], _: OwnOptions, ssh: Command) => {
      const command = takeOwnOptions(program, ssh, words);
      const { state } = ssh.opts<OwnOptions>();
      return run((session) => visit(session, client, command, state));
    });
}

/** Options behind the client are ours as well, up to the first word that is none: from there on, all is the card's. */
function takeOwnOptions(program: Command, ssh: Command, words: readonly string[]): string[] {
  const { operands, unknown } = ssh.parseOptions([...words]);
  const { json, workspace } = ssh.opts<OwnOptions>();
  if (json !== undefined) program.setOptionValue('json', json);
  if (workspace !== undefined) program.setOptionValue('workspace', workspace);
  return [...operands, ...unknown];
}

async function visit(session: Session, client: string, command: readonly string[], state: string | undefined): Promise<Report> {
  const workspace = findWorkspace(session);
  const folder = stateFolderOf(workspace, state);
  const card = findCard(folder, client);
  const { vpn } = await loadOperator(workspace);
  const network = planNetwork(vpn.prefix);
  const caKey = (await readFile(join(folder, 'host_ca.pub'), 'utf8')).trim().split(/\s+/).slice(0, 2).join(' ');
  const visitor = { workspace, client, sourceAddresses: [network.operators, `${network.hub}/128`], signal: session.signal };
  const exitCode = await withUserCertificate(visitor, async (key, files) => {
    // By the name that never changes: a card's certificate keeps an earlier host name for weeks.
    const known = await writeKnownHosts(files, client, caKey);
    const options = ['-i', key, '-o', `UserKnownHostsFile=${known}`, '-o', `HostKeyAlias=${client}`];
    return runSsh(options, card, command, { log: join(files, 'log'), signal: session.signal });
  });
  return { json: { client, address: card.address, exitCode }, text: [], exitCode };
}

interface Card extends Pick<FleetDetails, 'client' | 'lastHeartbeat'> {
  readonly address: string;
}

/**
 * Nothing of the operator's own configuration, agent or known hosts: the certificate and home's CA say all.
 * @param log where ssh writes what it has to say itself, apart from what comes from the card.
 */
async function runSsh(
  options: readonly string[],
  card: Card,
  command: readonly string[],
  { log, signal }: { readonly log: string; readonly signal: AbortSignal },
): Promise<number> {
  const strict = ['StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none', 'ConnectTimeout=15', 'PasswordAuthentication=no'];
  const argv = [
    'ssh',
    '-F',
    'none',
    '-E',
    log,
    ...strict.flatMap((option) => ['-o', option]),
    ...options,
    `root@${card.address}`,
    ...(command.length ? ['--', ...command] : []),
  ];
  try {
    await runCommand(argv, { signal, interactive: true, output: 'stdout' });
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    const said = (await readFile(log, 'utf8').catch(() => '')).split(/[\r\n]+/).filter((line) => line !== '');
    // 255 is ssh's own, unless it has nothing to say: then it is the command's.
    if (code === 255 && said.length > 0) throw notReached(card, said, error);
    return code;
  }
}

function notReached({ client, address, lastHeartbeat }: Card, said: readonly string[], cause: unknown): Failure {
  const reason = (said.at(-1) ?? '').replace(/^.*: (?=\S)/, '').replace(/\.$/, '');
  const isRefused = said.some((line) => /permission denied|host key verification|connection (closed|reset)/i.test(line));
  const hint = isRefused
    ? `Has the client shut you out, or is it another card? See "semeur fleet show ${client}"`
    : `Is this device in the VPN (wg-quick up semeur), and the card on? Its last call: ${ago(lastHeartbeat)}; see "semeur fleet show ${client}"`;
  return new Failure(`Cannot reach the card of "${client}" (${address}): ${reason}`, { hint, details: said, cause });
}

function findCard(folder: string, client: string): Card {
  const card = withFleet(folder, (database) => showCard(database, client, Date.now()));
  if (!card)
    throw new Failure(`Cannot find the client "${client}" at home`, { hint: 'See which there are: semeur fleet list', exitCode: EXIT.usage });
  const { address, lastHeartbeat } = card;
  if (address === null) {
    throw new Failure(`Cannot reach the card of "${client}": it has not called yet`, { hint: `See how far it came: semeur fleet show ${client}` });
  }
  return { client, lastHeartbeat, address: address.replace(/\/128$/, '') };
}
