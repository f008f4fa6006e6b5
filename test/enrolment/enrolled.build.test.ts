import { afterAll, beforeAll, describe } from 'vitest';
import { type EnrolledCard, prepareCard } from './first-boot.ts';
import { describeFirstBoot } from './first-day.ts';
import { buildCardImage, type CardImage } from './images.ts';
import { describeLaterDays } from './later-days.ts';

describe('with a home, a VPN and a card in QEMU', () => {
  let image: CardImage;
  let enrolled: EnrolledCard;
  beforeAll(async () => {
    image = await buildCardImage();
    enrolled = await prepareCard(image);
  });
  afterAll(async () => {
    await enrolled?.close();
  });
  describeFirstBoot(
    () => image,
    () => enrolled,
  );
  describeLaterDays(
    () => image,
    () => enrolled,
  );
});
