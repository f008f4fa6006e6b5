import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type HomeProcess, semeur, withHome } from './home-process.ts';
import { writeBytePlan } from './open-downloads.ts';
import { send } from './requests-to-home.ts';
import { issue } from './sample-fleet.ts';

const BYTES = 24_000_000;
const FLAGS = ['--no-vpn', '--downloads', '127.0.0.1:0'];

interface Offer {
  readonly home: HomeProcess;
  readonly bytes: number;
  readonly sha256: string;
  /** The link's path, from its last slash. */
  readonly page: string;
  /** The image's address, as Raspberry Pi Imager is told it. */
  readonly imagePath: string;
}

/** A home process that offers durand's image, with a link that the command line made. */
async function withOffer(task: (offer: Offer) => Promise<void>): Promise<void> {
  await withHome(async (folder, start) => {
    const { order } = issue('durand', { tokenExpires: new Date(Date.now() + 86_400_000).toISOString() });
    await writeFile(join(folder, 'out', 'orders', 'durand.json'), JSON.stringify(order));
    const places = { plans: join(folder, 'out', 'downloads'), prefixes: join(folder, 'prefixes') };
    const { bytes, sha256 } = await writeBytePlan(places, BYTES, order.tokenSha256);
    const home = await start([...FLAGS, '--prefixes', places.prefixes]);
    const added = await semeur('home', 'link', 'add', 'durand', '--json', '--workspace', folder);
    const { url } = JSON.parse(added.stdout) as { url: string };
    const page = url.slice(url.lastIndexOf('/') + 1);
    expect(url).toBe(`https://images.racines.example/d/${page}`);
    const manifest = await send(home.downloads, `/d/${page}/durand.rpi-imager-manifest`);
    await task({ home, bytes, sha256, page, imagePath: new URL(JSON.parse(manifest.text).os_list[0].url).pathname });
  });
}

function openImage({ home, imagePath }: Offer, visitor: number): Promise<IncomingMessage> {
  const headers = { 'x-forwarded-for': `192.0.2.${visitor}` };
  return new Promise((done, failed) => get(`http://${home.downloads}${imagePath}`, { headers, agent: false }, done).on('error', failed));
}

async function readMegabytes({ home }: Offer, name: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${home.pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1000;
}

it('sends fifty downloads at once in 300 MB, to readers that stop in between too, and tells its log no capability', async () => {
  await withOffer(async (offer) => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => openImage(offer, index)));
    // Nobody reads: what waits for them is to be no more than a few pieces each.
    await pause(1500);
    const waiting = await readMegabytes(offer, 'VmRSS');
    const sums = await Promise.all(
      answers.map(async (answer) => {
        const hash = createHash('sha256');
        for await (const chunk of answer) hash.update(chunk);
        return hash.digest('hex');
      }),
    );
    expect(new Set(sums)).toEqual(new Set([offer.sha256]));
    expect(waiting).toBeLessThan(300);
    expect(await readMegabytes(offer, 'VmHWM')).toBeLessThan(300);
    await send(offer.home.downloads, `/d/${offer.page}x`);
    await offer.home.stop();
    for (const secret of [offer.page, offer.imagePath.split('/')[2] ?? '']) expect(offer.home.log()).not.toContain(secret);
  });
});

it('ends at once in the middle of a download, which goes on when it is back', async () => {
  await withOffer(async (offer) => {
    const answer = await openImage(offer, 1);
    const ended = new Promise<string>((done) => answer.on('error', () => done('cut')).on('end', () => done('whole')));
    const start = performance.now();
    await offer.home.stop();
    expect(performance.now() - start).toBeLessThan(5000);
    answer.resume();
    expect(await ended).toBe('cut');
  });
});
