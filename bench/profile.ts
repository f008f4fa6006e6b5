import { hostMirrors, sourceLines } from '../builder/debian/apt-sources.ts';
import { ensureToolbox } from '../builder/debian/toolbox.ts';
import { arm64 } from '../builder/platform/architecture.ts';
import { ensureSystem } from '../builder/profile/system.ts';
import { findNewestOsImage } from '../builder/raspios/os-image-cache.ts';
import { ensureRaspiosBase } from '../builder/raspios/raspios.ts';
import { Failure } from '../kit/failure.ts';
import { type Benchmark, tabulateRatio, timeSeconds } from './benchmark.ts';

/** The packages of a website, calendars and contacts, and a chat. */
const PACKAGES = ['caddy', 'prosody', 'radicale'];

/** The packages are fetched before either side starts. Unpacking the base and packing the result is the same on both: it is timed by itself, and taken off. */
export const profileBenchmark: Benchmark = {
  name: 'profile',
  title: 'three services on Raspberry Pi OS, their packages at hand: accelerated, against the same under qemu-user alone',
  async run(session) {
    const image = await findNewestOsImage();
    if (!image)
      throw new Failure('Cannot measure: no Raspberry Pi OS image is in the cache', { hint: 'First: semeur base fetch raspios-lite-arm64' });
    const mirrors = await hostMirrors();
    const toolbox = await ensureToolbox(session, { mirrors });
    // Debian's archive alone: all three come from there.
    const sources = sourceLines(image.suite, mirrors);
    const base = await ensureRaspiosBase(session, { architecture: arm64, toolbox, image, sources, update: true });
    const options = { architecture: arm64, toolbox, base, sources, packages: PACKAGES };
    await ensureSystem(session, options);
    const accelerated = await timeSeconds(() => ensureSystem(session, { ...options, again: true }));
    const emulated = await timeSeconds(() => ensureSystem(session, { ...options, again: true, accelerate: false }));
    const packing = await timeSeconds(() => ensureSystem(session, { ...options, packages: [], again: true }));
    const { ratio, columns, rows } = tabulateRatio(['accelerated', accelerated - packing], ['qemu-user alone', emulated - packing]);
    return {
      columns,
      rows: [...rows, ['unpacking and packing, on both sides', packing.toFixed(0)]],
      json: { image: image.image.sha256, acceleratedSeconds: accelerated, emulatedSeconds: emulated, packingSeconds: packing, ratio },
    };
  },
};
