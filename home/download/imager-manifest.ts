import type { DownloadPlan } from '../../protocol/download.ts';
import type { Visit } from './visit.ts';

/** What a double click opens Raspberry Pi Imager with. */
export const MANIFEST_TYPE = 'application/vnd.raspberrypi.imager-manifest+json';

/** As Raspberry Pi's own list tells its models apart. */
const MODELS: Readonly<Record<string, { readonly name: string; readonly tag: string }>> = {
  pi3: { name: 'Raspberry Pi 3', tag: 'pi3-64bit' },
  pi4: { name: 'Raspberry Pi 4', tag: 'pi4-64bit' },
  pi5: { name: 'Raspberry Pi 5', tag: 'pi5-64bit' },
  zero2w: { name: 'Raspberry Pi Zero 2 W', tag: 'pi3-64bit' },
};

export interface ManifestFacts {
  /** Of the client, as people read it. */
  readonly name: string;
  /** Whole addresses, since the file lies on the client's computer. */
  readonly image: string;
  readonly icon: string;
  /** When the image was made, milliseconds since 1970. */
  readonly made: number;
}

/**
 * A list of one system, for Raspberry Pi Imager (its doc/json-schema), and of the models that take it: without those, none could be chosen. It fetches the image, and compares what it wrote with the hash. Nothing may
 * be set in it ("none"), since the card has all its settings.
 */
export function renderImagerManifest({ words, contact }: Visit, plan: DownloadPlan, { name, image, icon, made }: ManifestFacts): string {
  const models = plan.boards.flatMap((board) => MODELS[board] ?? []);
  const devices = models.map((model) => ({ name: model.name, description: words.entry(name), tags: [model.tag], icon, matching_type: 'exclusive' }));
  const entry = {
    name: words.entry(name),
    description: words.entryDescription(contact.operator),
    icon,
    url: image,
    extract_size: plan.extracted.bytes,
    extract_sha256: plan.extracted.sha256,
    image_download_size: plan.bytes,
    image_download_sha256: plan.sha256,
    release_date: new Date(made).toISOString().slice(0, 10),
    devices: [...new Set(models.map(({ tag }) => tag))],
    init_format: 'none',
  };
  return `${JSON.stringify({ imager: { devices }, os_list: [entry] }, null, 2)}\n`;
}
