import type { DownloadPlan } from '../../protocol/download.ts';
import { renderImagerList } from '../../protocol/imager-list.ts';
import type { Visit } from './visit.ts';

/** What a double click opens Raspberry Pi Imager with. */
export const MANIFEST_TYPE = 'application/vnd.raspberrypi.imager-manifest+json';

export interface ManifestFacts {
  /** The client's name, as people read it. */
  readonly name: string;
  /** Whole addresses, since the file lies on the client's computer. */
  readonly image: string;
  readonly icon: string;
  /** When the image was made, milliseconds since 1970. */
  readonly made: number;
}

/** A client's image alone, for Raspberry Pi Imager. */
export function renderImagerManifest({ words, contact }: Visit, plan: DownloadPlan, { name, image, icon, made }: ManifestFacts): string {
  const { bytes, sha256, extracted, boards } = plan;
  const texts = { name: words.entry(name), description: words.entryDescription(contact.operator) };
  return renderImagerList({ ...texts, url: image, icon, bytes, sha256, extracted, made, boards });
}
