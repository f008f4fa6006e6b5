import { createInterface } from 'node:readline';
import { type HubOptions, type HubPeer, type HubTimes, openHub } from '../../home/hub/hub.ts';
import type { Failure } from '../../kit/failure.ts';

/** The first line that it reads. */
export interface HubSettings {
  readonly options: Omit<HubOptions, 'log' | 'peers' | 'signal'>;
  readonly times?: HubTimes;
  readonly peers: readonly HubPeer[];
}

/** Each other line, answered when it is done. "peers" is what the database says from then on. */
export type HubCommand = readonly ['peers', readonly HubPeer[]] | readonly ['set', HubPeer] | readonly ['remove', string] | readonly ['close'];

/** A hub in a process of its own, so that it can be in another network, and be killed. */
let peers: readonly HubPeer[] = [];
let hub: Awaited<ReturnType<typeof openHub>> | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (hub) await obey(JSON.parse(line) as HubCommand);
  else await open(JSON.parse(line) as HubSettings);
}

async function open(settings: HubSettings): Promise<void> {
  peers = settings.peers;
  const started = performance.now();
  const log = (message: string) => say({ log: message });
  try {
    const options = { ...settings.options, log, peers: () => peers, signal: new AbortController().signal };
    hub = await (settings.times ? openHub(options, settings.times) : openHub(options));
    say({ ready: hub.kind, seconds: (performance.now() - started) / 1000 });
  } catch (error) {
    say({ failure: (error as Error).message, hint: (error as Failure).hint });
    process.exit(1);
  }
}

async function obey([word, value]: HubCommand): Promise<void> {
  if (word === 'peers') peers = value;
  if (word === 'set') await hub?.setPeer(value);
  if (word === 'remove') await hub?.removePeer(value);
  if (word === 'close') await hub?.close();
  say({ done: word });
  if (word === 'close') process.exit(0);
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
