/** Raspberry Pi models as the official list tells them apart, by the names that profiles have. */
const MODELS: Readonly<Record<string, { readonly name: string; readonly tag: string }>> = {
  pi3: { name: 'Raspberry Pi 3', tag: 'pi3-64bit' },
  pi4: { name: 'Raspberry Pi 4', tag: 'pi4-64bit' },
  pi5: { name: 'Raspberry Pi 5', tag: 'pi5-64bit' },
  zero2w: { name: 'Raspberry Pi Zero 2 W', tag: 'pi3-64bit' },
};

/** Names a model as people know it: "Raspberry Pi 4" for "pi4". */
export function nameModel(board: string): string {
  return MODELS[board]?.name ?? board;
}

/** A whole image, as somebody downloads it. */
export interface ListedImage {
  /** One line for people each. */
  readonly name: string;
  readonly description: string;
  /** Addresses. */
  readonly url: string;
  readonly icon: string;
  readonly bytes: number;
  readonly sha256: string;
  /** What is written to the card. */
  readonly extracted: { readonly bytes: number; readonly sha256: string };
  /** Milliseconds since 1970. */
  readonly made: number;
  /** Raspberry Pi models, as the profile names them. */
  readonly boards: readonly string[];
}

/**
 * A list of one system, for Raspberry Pi Imager (its doc/json-schema), and of the models that take it: without those, none could be chosen. It fetches
 * the image, and compares what it wrote with the hash. Nothing may be set in it ("none"), since the card has all its settings.
 */
export function renderImagerList(image: ListedImage): string {
  const models = image.boards.flatMap((board) => MODELS[board] ?? []);
  const { name: system, icon } = image;
  const devices = models.map(({ name, tag }) => ({ name, description: system, tags: [tag], icon, matching_type: 'exclusive' }));
  const entry = {
    name: system,
    description: image.description,
    icon,
    url: image.url,
    extract_size: image.extracted.bytes,
    extract_sha256: image.extracted.sha256,
    image_download_size: image.bytes,
    image_download_sha256: image.sha256,
    release_date: new Date(image.made).toISOString().slice(0, 10),
    devices: [...new Set(models.map(({ tag }) => tag))],
    init_format: 'none',
  };
  return `${JSON.stringify({ imager: { devices }, os_list: [entry] }, null, 2)}\n`;
}
