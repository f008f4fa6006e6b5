import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { planNetwork } from '../../home/addresses.ts';
import { showCard } from '../../home/store/fleet.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { exitCodeOf, runCommand } from '../command.ts';
import { EXIT, Failure } from '../failure.ts';
import { withUserCertificate, writeKnownHosts } from '../seed/user-certificate.ts';
import type { Report, Session } from '../session.ts';
import { findWorkspace } from '../workspace/find.ts';
import { loadOperator } from '../workspace/load.ts';
import { examples } from './examples.ts';
import { stateFolderOf } from './state-folder.ts';
import type { RunVerb } from './verb.ts';

export function addSsh(program: Command, run: RunVerb): void {
  program
    .command('ssh')
    .argument('<client>')
    .argument('[command...]', 'to run there instead of a shell')
    .description("open a shell on a client's card, through the VPN; the client sees in the card's log who came and when")
    .option('--state <dir>', "home's folder (default: home/ of the workspace)")
    .passThroughOptions()
    .addHelpText('after', examples('semeur ssh durand', 'semeur ssh durand systemctl --failed'))
    .action((client: string, command: string[], { state }: { state?: string }) => run((session) => visit(session, client, command, state)));
}

async function visit(session: Session, client: string, command: readonly string[], state: string | undefined): Promise<Report> {
  const workspace = findWorkspace(session);
  const folder = stateFolderOf(workspace, state);
  const address = findAddress(folder, client);
  const { vpn } = await loadOperator(workspace);
  const network = planNetwork(vpn.prefix);
  const caKey = (await readFile(join(folder, 'host_ca.pub'), 'utf8')).trim().split(/\s+/).slice(0, 2).join(' ');
  const visitor = { workspace, client, sourceAddresses: [network.operators, `${network.hub}/128`], signal: session.signal };
  const exitCode = await withUserCertificate(visitor, async (key, files) => {
    // By the name that never changes: a card's certificate keeps an earlier host name for weeks.
    const known = await writeKnownHosts(files, client, caKey);
    return runSsh(['-i', key, '-o', `UserKnownHostsFile=${known}`, '-o', `HostKeyAlias=${client}`], address, command, session.signal);
  });
  return { json: { client, address, exitCode }, text: [], exitCode };
}

/** Nothing of the operator's own configuration, agent or known hosts: the certificate and home's CA say all. */
async function runSsh(options: readonly string[], address: string, command: readonly string[], signal: AbortSignal): Promise<number> {
  const strict = ['StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none', 'ConnectTimeout=15', 'PasswordAuthentication=no'];
  const argv = [
    'ssh',
    '-F',
    'none',
    ...strict.flatMap((option) => ['-o', option]),
    ...options,
    `root@${address}`,
    ...(command.length ? ['--', ...command] : []),
  ];
  try {
    await runCommand(argv, { signal, interactive: true, output: 'stdout' });
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error);
    // 255 is ssh's own: the card was not reached.
    if (code === undefined || code === 255) throw error;
    return code;
  }
}

function findAddress(folder: string, client: string): string {
  const card = withFleet(folder, (database) => showCard(database, client, Date.now()));
  if (!card)
    throw new Failure(`Cannot find the client "${client}" at home`, { hint: 'See which there are: semeur fleet list', exitCode: EXIT.usage });
  if (card.address === null) throw new Failure(`Cannot reach the card of "${client}": it has not called yet`, { hint: 'See "semeur fleet show"' });
  return card.address.replace(/\/128$/, '');
}
