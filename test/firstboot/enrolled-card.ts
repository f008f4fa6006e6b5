import { expect } from 'vitest';
import { makeSeed, type SeedKey } from '../seed/seed-key.ts';
import { type Card, DASH, makeCard, type Shell } from './card.ts';
import type { Hub } from './hub.ts';

/** A card whose first boot went well. */
export async function enrolledCard(key: SeedKey, hub: Hub, shell: Shell = DASH): Promise<Card> {
  const card = await plantedCard(key, hub);
  expect(await card.run(shell, 'run', 'enrol')).toMatchObject({ exitCode: 0 });
  return card;
}

export async function plantedCard(key: SeedKey, hub: Hub): Promise<Card> {
  const card = await makeCard(key, hub.within);
  await plant(card, key, hub, 1);
  return card;
}

export async function plant(card: Card, key: SeedKey, hub: Hub, generation: number): Promise<void> {
  await card.dropSeed(await makeSeed(key, { generation }, await hub.seedFiles()));
  expect(await card.run(DASH, 'run', 'early')).toEqual({ exitCode: 0, output: '' });
}
