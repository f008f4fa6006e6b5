import { randomBytes } from 'node:crypto';
import { text as readText } from 'node:stream/consumers';
import { type Command, InvalidArgumentError } from 'commander';
import type { Database } from '../../home/store/database.ts';
import { addOperator, listOperators, removeOperator } from '../../home/store/operators.ts';
import { hashPassword } from '../../home/store/password.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { planNetwork } from '../../protocol/addresses.ts';
import { SHORT_NAME } from '../../protocol/names.ts';
import { isVpnKey } from '../../protocol/vpn-key.ts';
import { askPassword } from '../terminal/ask-password.ts';
import { examples } from './examples.ts';
import { findHomeFacts, findHubKey, findStateFolder, STATE, type StateFlags } from './state-folder.ts';
import type { RunVerb } from './verb.ts';

interface AddFlags extends StateFlags {
  readonly vpnKey: string;
  readonly passwordStdin?: boolean;
}

const LEAST_LETTERS = 12;

/** Under `home`: who may open the fleet page. */
export function addOperators(home: Command, run: RunVerb): void {
  const operator = home.command('operator').description('who may open the fleet page: a device in the VPN, and a password');
  operator
    .command('add')
    .argument('<name>', 'of a person, or of one of their devices', readName)
    .description('asks for a password, and says what the device has to be told of the VPN; home lets it in within a minute')
    .requiredOption('--vpn-key <key>', "the device's public key: wg genkey | tee private | wg pubkey", readKey)
    .option('--password-stdin', 'the password is the first line of stdin, and is not asked for')
    .option(...STATE)
    .addHelpText('after', examples('semeur home operator add zoe --vpn-key "$(cat public.key)"'))
    .action((name: string, flags: AddFlags) => run((session) => add(session, name, flags)));
  operator
    .command('remove')
    .argument('<name>')
    .description('end their sessions at once, and their way into the VPN within a minute')
    .option(...STATE)
    .addHelpText('after', examples('semeur home operator remove zoe'))
    .action((name: string, flags: StateFlags) => run(async (session) => remove(session, name, flags)));
  operator
    .command('list')
    .description('their names, addresses and public keys')
    .option(...STATE)
    .addHelpText('after', examples('semeur home operator list'))
    .action((flags: StateFlags) => run((session) => list(session, flags)));
}

function readName(text: string): string {
  if (!SHORT_NAME.test(text)) throw new InvalidArgumentError('Give up to 32 small letters, digits and "-".');
  return text;
}

function readKey(text: string): string {
  if (!isVpnKey(text)) throw new InvalidArgumentError('Give a public key, as "wg pubkey" writes it.');
  return text;
}

async function add(session: Session, name: string, { vpnKey, passwordStdin = false, ...flags }: AddFlags): Promise<Report> {
  const [{ prefix, endpoints }, hubKey] = await Promise.all([findHomeFacts(session, flags), findHubKey(session, flags)]);
  const folder = findStateFolder(session, flags);
  // Before anybody types a password for nothing.
  const change = <T>(task: (database: Database) => T) => withFleet(folder, task, { readOnly: false });
  const isTaken = change((database) => listOperators(database).some((operator) => operator.name === name));
  if (isTaken) throw refusal(name, 'name');
  const password = await hashPassword(passwordStdin ? await readPassword() : await askTwice(name, session.signal));
  const presharedKey = randomBytes(32).toString('base64');
  const added = change((database) => addOperator(database, { name, publicKey: vpnKey, presharedKey, password }, Date.now()));
  if (typeof added !== 'number') throw refusal(name, added);
  const network = planNetwork(prefix);
  const address = network.operator(added);
  const lines = [
    `# The device of "${name}": /etc/wireguard/semeur.conf`,
    '[Interface]',
    `PrivateKey = (the private key that belongs to ${vpnKey})`,
    `Address = ${address}/128`,
    'MTU = 1280',
    '[Peer]',
    `PublicKey = ${hubKey}`,
    `PresharedKey = ${presharedKey}`,
    `Endpoint = ${endpoints[0]}`,
    `AllowedIPs = ${network.hub}/128, ${network.cards}`,
    'PersistentKeepalive = 25',
  ];
  return { json: { name, address, configuration: lines.join('\n') }, text: lines };
}

function refusal(name: string, taken: 'name' | 'key'): Failure {
  const hints = {
    name: 'Take another name, or take the one that is there away first: semeur home operator remove',
    key: 'Make a key pair for this device alone: wg genkey | tee private | wg pubkey',
  };
  const what = { name: 'there is one of this name', key: 'the key is, or was, in use' };
  return new Failure(`Cannot add the operator "${name}": ${what[taken]}`, { hint: hints[taken], exitCode: EXIT.usage });
}

function remove(session: Session, name: string, flags: StateFlags): Report {
  const folder = findStateFolder(session, flags);
  if (!withFleet(folder, (database) => removeOperator(database, name), { readOnly: false })) {
    throw new Failure(`Cannot find the operator "${name}"`, { hint: 'See which there are: semeur home operator list', exitCode: EXIT.usage });
  }
  return { json: { name }, text: [] };
}

async function list(session: Session, flags: StateFlags): Promise<Report> {
  const found = withFleet(findStateFolder(session, flags), listOperators);
  const network = planNetwork((await findHomeFacts(session, flags)).prefix);
  const operators = found.map(({ name, number, publicKey }) => ({ name, address: network.operator(number), publicKey }));
  return { json: { operators }, text: operators.map(({ name, address, publicKey }) => `${name}  ${address}  ${publicKey}`) };
}

async function askTwice(name: string, signal: AbortSignal): Promise<string> {
  const password = checkPassword(await askPassword(`Password of "${name}" (nothing is shown): `, signal));
  if (password === (await askPassword('Once more: ', signal))) return password;
  throw new Failure('Cannot take the password: it was not twice the same', { hint: 'Run the command again', exitCode: EXIT.usage });
}

async function readPassword(): Promise<string> {
  return checkPassword((await readText(process.stdin)).split(/\r?\n/, 1)[0] ?? '');
}

function checkPassword(password: string): string {
  if ([...password].length >= LEAST_LETTERS && password.length <= 256) return password;
  throw new Failure(`Cannot take the password: it needs ${LEAST_LETTERS} characters or more`, {
    hint: 'Four words that do not belong together are good, and easy to keep in mind',
    exitCode: EXIT.usage,
  });
}
