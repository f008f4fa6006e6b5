import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { loopbackOf } from '../home/answers/sources.ts';
import { planNetwork } from '../protocol/addresses.ts';
import { makeHeartbeat } from './heartbeat-cards.ts';

/** A program of its own, so that its part of the processors is known: a plan on standard input, a result on standard output. */
export interface LoadPlan {
  readonly tunnel: string;
  readonly cards: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** The first ones, whose times stand by themselves. */
  readonly warmUpSeconds: number;
}

export interface LoadResult {
  readonly answered: number;
  readonly refused: number;
  readonly elapsedSeconds: number;
  readonly cpuSeconds: number;
  /** Milliseconds from when a heartbeat was due to the end of its answer. */
  readonly latencies: { readonly p50: number; readonly p99: number; readonly warmUpP99: number };
  /** By card, from number 1: the last heartbeat that was answered. */
  readonly acknowledged: readonly number[];
}

const NETWORK = planNetwork('fd5e:3e0f:1a2b::/48');

/** Heartbeats fall due at a steady rate, answered or not: a home that is slow isn't spared. */
async function load({ tunnel, cards, perSecond, seconds, warmUpSeconds }: LoadPlan): Promise<LoadResult> {
  const at = tunnel.lastIndexOf(':');
  const place = { host: tunnel.slice(0, at), port: Number(tunnel.slice(at + 1)) };
  const kept = new Map<number, Socket>();
  const acknowledged = new Array<number>(cards).fill(0);
  const [times, early]: [number[], number[]] = [[], []];
  let [refused, under] = [0, 0];
  async function beat(index: number, uptime: number, due: number): Promise<void> {
    try {
      // Every second card keeps its connection.
      const status = index % 2 === 0 ? await askFresh(place, index + 1, uptime) : await askKept(kept, place, index + 1, uptime);
      if (status !== 200) throw new Error(`status ${status}`);
      (due - start < warmUpSeconds * 1000 ? early : times).push(performance.now() - due);
      acknowledged[index] = Math.max(acknowledged[index] ?? 0, uptime);
    } catch {
      refused += 1;
    } finally {
      under -= 1;
    }
  }
  // A card sends its next one when the last is answered, as cards do; how late that makes it counts.
  const last = new Array<Promise<void>>(cards).fill(Promise.resolve());
  function sendNext(number: number): void {
    const index = number % cards;
    const due = start + (number / perSecond) * 1000;
    under += 1;
    last[index] = last[index]?.then(() => beat(index, Math.floor(number / cards) + 1, due)) ?? Promise.resolve();
  }
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const total = perSecond * seconds;
  for (let sent = 0; sent < total; ) {
    const dueBy = Math.min(total, ((performance.now() - start) / 1000) * perSecond);
    for (; sent < dueBy; sent++) sendNext(sent);
    await new Promise((done) => setTimeout(done, 1));
  }
  while (under > 0) await new Promise((done) => setTimeout(done, 1));
  const elapsedSeconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  for (const socket of kept.values()) socket.destroy();
  return {
    ...{ answered: times.length + early.length, refused, elapsedSeconds, cpuSeconds: (user + system) / 1e6, acknowledged },
    latencies: { p50: quantile(times, 0.5), p99: quantile(times, 0.99), warmUpP99: quantile(early, 0.99) },
  };
}

function quantile(times: readonly number[], part: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * part)] ?? Number.NaN;
}

type Place = { readonly host: string; readonly port: number };

function askFresh(place: Place, number: number, uptime: number): Promise<number> {
  const socket = connect({ ...place, localAddress: loopbackOf(NETWORK.card(number)), noDelay: true });
  return ask(socket, uptime, 'close').finally(() => socket.destroy());
}

async function askKept(kept: Map<number, Socket>, place: Place, number: number, uptime: number): Promise<number> {
  const known = kept.get(number);
  const socket = known && !known.destroyed ? known : connect({ ...place, localAddress: loopbackOf(NETWORK.card(number)), noDelay: true });
  kept.set(number, socket);
  return ask(socket, uptime, 'keep-alive');
}

/** Speaks as little HTTP as it takes: the processor time that the load costs is time home doesn't have. @returns the status. */
function ask(socket: Socket, uptime: number, connection: string): Promise<number> {
  const body = JSON.stringify(makeHeartbeat(uptime));
  const head = `POST /v1/heartbeat HTTP/1.1\r\nHost: home\r\nConnection: ${connection}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return new Promise((done, failed) => {
    let heard = '';
    const end = (error?: Error) => {
      socket.removeAllListeners('data').removeAllListeners('error').removeAllListeners('close');
      socket.on('error', () => socket.destroy());
      if (error) failed(error);
    };
    socket.on('error', end).on('close', () => end(new Error('closed')));
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      const middle = heard.indexOf('\r\n\r\n');
      if (middle < 0 || heard.length < middle + 4 + Number(/^content-length: (\d+)/im.exec(heard)?.[1] ?? 0)) return;
      end();
      done(Number(heard.slice(9, 12)));
    });
    socket.write(head + body);
  });
}

process.stdout.write(JSON.stringify(await load(JSON.parse(await text(process.stdin)) as LoadPlan)));
