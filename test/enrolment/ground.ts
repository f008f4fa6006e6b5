import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCheckout } from '../../builder/house/checkout.ts';
import { openNetwork } from '../../builder/try/network.ts';
import { type Machine, startMachine } from '../../builder/try/start-machine.ts';
import { type FleetDetails, showCard } from '../../home/store/fleet.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { type CardImage, HOME_ADDRESS } from './images.ts';

export const MAIN = [process.execPath, '--disable-warning=ExperimentalWarning', join(findCheckout(), 'cli', 'main.ts')];

/** The card's ports as the people of its LAN see them. */
export const LAN = { ssh: 8022, metrics: 8910, status: 8848, web: 8080, chat: 5222, files: 22000, dns: 8053 } as const;
const TCP = [`${LAN.ssh}-:22`, `${LAN.metrics}-:9100`, `${LAN.status}-:8480`, `${LAN.web}-:80`, `${LAN.chat}-:5222`, `${LAN.files}-:22000`];
const FORWARDS = [...TCP.map((ports) => `tcp:127.0.0.1:${ports}`), `udp:127.0.0.1:${LAN.dns}-:53`];

/** The serial number of the card that most tests boot. */
export const SERIAL = '10000000c0ffee01';

export interface MachineChoice {
  /** A qcow2 file on top of the image. */
  readonly disk: string;
  readonly clock?: string;
  readonly network?: 'user' | 'none';
  readonly serial?: string;
  /** Ways in from the network, in the place of LAN's: two cards can't have the same. */
  readonly forwards?: readonly string[];
  /** More of the kernel's command line. */
  readonly kernelArguments?: string;
}

/** A network of its own, with room for a home and cards. */
export interface Ground {
  readonly folder: string;
  /** The operator's: a copy, to be reissued and revoked in. */
  readonly workspace: string;
  readonly state: string;
  /** The words before a command that is to run in the network. */
  readonly enter: readonly string[];
  /** Runs a program in the network. @returns what it said; @throws with its exit code. */
  run(...argv: readonly string[]): Promise<string>;
  /** The same, told by the exit code. */
  exitCode(...argv: readonly string[]): Promise<number>;
  semeur(verb: string, ...args: readonly string[]): Promise<string>;
  startHome(...flags: readonly string[]): Promise<void>;
  startCard(choice: MachineChoice): Promise<Machine>;
  card(client: string): FleetDetails | undefined;
  /** Waits until home says so of the client. */
  waitForCard(client: string, what: string, seconds: number, holds: (card: FleetDetails) => boolean): Promise<FleetDetails>;
  /** Public keys that the hub takes, and when each was last heard of, in seconds since 1970. */
  peers(): Promise<Map<string, number>>;
  copyTo(folder: string): Promise<void>;
}

/**
 * Gives `task` a ground, and ends everything on it afterwards.
 * @param from a folder that copyTo() made: the same operator and home, some time later.
 */
export async function withGround<T>(image: CardImage, task: (ground: Ground) => Promise<T>, from?: string): Promise<T> {
  const session = createQuietSession();
  const folder = await mkdtemp(join(tmpdir(), 'semeur-ground-'));
  const [workspace, state] = [join(folder, 'workspace'), join(folder, 'home')];
  await (from === undefined ? copyWorkspace(image.workspace, workspace) : cp(from, folder, { recursive: true }));
  await mkdir(state, { recursive: true, mode: 0o700 });
  const network = await openNetwork(session, { addresses: [`${HOME_ADDRESS}/32`] });
  const stop = new AbortController();
  const running: Promise<unknown>[] = [];
  const machines: Machine[] = [];
  const consoles: string[] = [];
  const said: string[] = [];
  const run = async (...argv: readonly string[]) => (await runCommand([...network.enter, ...argv])).toString('utf8');
  const card = (client: string) => withFleet(state, (database) => showCard(database, client, Date.now()));
  let boots = 0;
  try {
    return await task({
      folder,
      workspace,
      state,
      enter: network.enter,
      run,
      card,
      exitCode: async (...argv) =>
        Number((await runCommand([...network.enter, 'sh', '-c', '"$@" >/dev/null 2>&1 </dev/null; echo $?', 'sh', ...argv])).toString()),
      semeur: (verb, ...args) => run(...MAIN, verb, '--workspace', workspace, ...args),
      async startHome(...flags) {
        const ready = Promise.withResolvers<void>();
        const onLine = (line: string) => {
          said.push(line);
          if (line.startsWith('home: ready')) ready.resolve();
        };
        const argv = [...network.enter, ...MAIN, 'home', 'serve', '--workspace', workspace, '--state', state, ...flags];
        const home = runCommand(argv, { signal: stop.signal, onLine });
        home.catch(ready.reject);
        running.push(home.catch(() => undefined));
        await ready.promise;
      },
      async startCard({ disk, ...choice }) {
        const log = join(image.consoles, `${folder.slice(-6)}-${++boots}.log`);
        const parts = { machine: 'virt', files: image.files, disk, log, enter: network.enter, forwards: FORWARDS, serial: SERIAL } as const;
        consoles.push(log);
        const machine = await startMachine(session, { ...parts, ...choice });
        machines.push(machine);
        return machine;
      },
      async waitForCard(client, what, seconds, holds) {
        for (const deadline = Date.now() + seconds * 1000; ; await new Promise((resolve) => setTimeout(resolve, 500))) {
          const found = card(client);
          if (found && holds(found)) return found;
          if (Date.now() > deadline) throw new Error(`"${client}" is not ${what} after ${seconds} s: ${JSON.stringify(found)}`);
        }
      },
      async peers() {
        const lines = (await run('wg', 'show', 'semeur0', 'latest-handshakes')).trim().split('\n');
        return new Map(lines.map((line) => line.split('\t')).map(([key = '', at]) => [key, Number(at)]));
      },
      async copyTo(to) {
        await cp(folder, to, { recursive: true });
      },
    });
  } catch (error) {
    throw await explain(error, consoles, said);
  } finally {
    for (const machine of machines) await machine.powerOff();
    stop.abort();
    await Promise.all(running);
    await network.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What fails here may never fail again: the last words of all who took part go with it. */
async function explain(error: unknown, consoles: readonly string[], home: readonly string[]): Promise<Error> {
  const words: (readonly [string, string])[] = [['home', home.join('\n')]];
  for (const [index, console] of consoles.entries()) words.push([`card ${index + 1}`, await readFile(console, 'utf8').catch(() => '')]);
  const last = words.map(([who, text]) => `--- ${who}:\n${text.trimEnd().split('\n').slice(-25).join('\n')}`);
  return new Error(`${error instanceof Error ? error.message : error}\n${last.join('\n')}`, { cause: error });
}

/** Without the images, which are large and which nobody changes. */
async function copyWorkspace(from: string, to: string): Promise<void> {
  await mkdir(join(to, 'out'), { recursive: true });
  for (const part of ['semeur.yaml', 'profiles', 'clients', 'secrets', 'out/orders']) {
    await cp(join(from, part), join(to, part), { recursive: true });
  }
}
