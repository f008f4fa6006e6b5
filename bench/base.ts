import { hostMirrors } from '../builder/debian/apt-sources.ts';
import { ensureDebianBase } from '../builder/debian/debian.ts';
import { ensureToolbox } from '../builder/debian/toolbox.ts';
import { debianArm64 } from '../builder/platform/debian-arm64.ts';
import { type Benchmark, tabulateRatio, timeSeconds } from './benchmark.ts';

/** The packages are fetched before either side starts: what is timed is the installation. */
export const baseBenchmark: Benchmark = {
  name: 'base',
  title: 'the Debian arm64 base, its packages at hand: accelerated, against plain mmdebstrap under qemu-user',
  async run(session) {
    const mirrors = await hostMirrors();
    const toolbox = await ensureToolbox(session, { mirrors });
    await ensureDebianBase(session, { platform: debianArm64, mirrors, toolbox });
    const accelerated = await timeSeconds(() => ensureDebianBase(session, { platform: debianArm64, mirrors, toolbox, update: true }));
    const plain = await timeSeconds(() => ensureDebianBase(session, { platform: debianArm64, mirrors, toolbox, update: true, how: 'plain' }));
    const { ratio, ...table } = tabulateRatio(['accelerated', accelerated], ['plain mmdebstrap', plain]);
    return { ...table, json: { acceleratedSeconds: accelerated, plainSeconds: plain, ratio } };
  },
};
