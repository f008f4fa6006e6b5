import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCard } from '../../builder/try/disk.ts';
import type { Machine } from '../../builder/try/start-machine.ts';
import type { FleetDetails } from '../../home/store/fleet.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { runCommand } from '../../kit/command.ts';
import type { Order } from '../../protocol/order.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { type Ground, withGround } from './ground.ts';
import { type CardImage, CLIENT } from './images.ts';
import { WITH_RADIOS } from './wifi-box.ts';

/** How long an emulated machine may take to boot, on a computer that is busy. */
export const BOOT_SECONDS = 400;

export interface FirstBoot {
  readonly card: FleetDetails;
  readonly machine: Machine;
  readonly ground: Ground;
}

/** The first boot of a card, which many tests look at, and what is left of it: begun by whichever test runs first. */
export interface EnrolledCard {
  /** While it is on. */
  running(): Promise<FirstBoot>;
  /** A copy of the card and of home's folder, once it is off. @param name of this test's own. */
  afterwards(name: string): Promise<{ disk: string; ground: string }>;
  /** A file for a test's own use. */
  file(name: string): string;
  close(): Promise<void>;
}

/** @param wellSeconds that its services may take, once it is ready, to do their job. */
export async function prepareCard(image: CardImage, wellSeconds = 60): Promise<EnrolledCard> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-enrolled-'));
  const over = Promise.withResolvers<void>();
  let booted: Promise<FirstBoot> | undefined;
  let ended: Promise<void> = Promise.resolve();
  const file = (name: string) => join(folder, name);
  const running = () => {
    if (booted) return booted;
    const begun = Promise.withResolvers<FirstBoot>();
    ended = withGround(image, async (ground) => {
      await ground.startHome();
      const machine = await ground.startCard({
        disk: await makeCard(createQuietSession(), image.raw, file('first.qcow2')),
        kernelArguments: WITH_RADIOS,
      });
      await machine.waitFor('the enrolled card', BOOT_SECONDS, ({ seconds }) => seconds.ready !== null);
      begun.resolve({ ground, machine, card: await ground.waitForCard(CLIENT, 'well', wellSeconds, ({ state }) => state === 'well') });
      await over.promise;
      await machine.powerOff();
      await ground.copyTo(file('ground'));
    });
    ended.catch(begun.reject);
    booted = begun.promise;
    return booted;
  };
  return {
    file,
    running,
    async afterwards(name) {
      await running();
      over.resolve();
      await ended;
      const disk = file(`${name}.qcow2`);
      await runCommand(['cp', file('first.qcow2'), disk]);
      return { disk, ground: file('ground') };
    },
    async close() {
      over.resolve();
      await ended.catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The key that a card took for itself. */
export function readCardKey(state: string, generation = 1): string {
  const claim = 'SELECT k.public_key FROM claims AS k JOIN orders AS o USING (token_sha256) WHERE o.client = ? AND o.generation = ?';
  return withFleet(state, (database) => String(database.sql(claim).get(CLIENT, generation)?.['public_key']));
}

export async function readOrder({ workspace }: Ground): Promise<Order> {
  return JSON.parse(await readFile(join(workspace, 'out', 'orders', `${CLIENT}.json`), 'utf8'));
}
