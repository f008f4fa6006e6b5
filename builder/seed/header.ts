import { SHORT_NAME } from '../../protocol/names.ts';
import { REGION_BYTES } from '../../protocol/sizes.ts';

/** Format 1 of the seed: header, tar, signature; firstboot's check-seed takes and refuses exactly the same bytes. */
export const HEADER_BYTES = 4096;
export const SIGNATURE_BYTES = 4096;
/** The tar's length is a multiple of it. */
export const SEED_BLOCK = 4096;

export interface SeedHeader {
  readonly client: string;
  readonly profile: string;
  /** A card takes a seed only if its generation is higher than that of the one it had. */
  readonly generation: number;
  /** Bytes of the tar. */
  readonly length: number;
  /** SHA-256 of the tar, lower-case hex. */
  readonly sha256: string;
  /** OpenSSH fingerprint of the seed key, "SHA256:…". */
  readonly signer: string;
}

/** @throws {RangeError} when a field can't stand in a header: that is a bug of the caller. */
export function renderHeader(fields: SeedHeader): Buffer {
  const header = padWithLines(renderText(fields), HEADER_BYTES);
  if (!parseHeader(header)) throw new RangeError(`Cannot render a seed header of ${JSON.stringify(fields)}`);
  return header;
}

/** Valid only if it equals, byte for byte, the header rendered again from its values. */
export function parseHeader(bytes: Buffer): SeedHeader | undefined {
  const match = PATTERN.exec(bytes.toString('latin1'));
  if (!match || bytes.length !== HEADER_BYTES) return undefined;
  const [, client = '', profile = '', generation, length, sha256 = '', signer = ''] = match;
  const header = { client, profile, generation: Number(generation), length: Number(length), sha256, signer };
  if (header.length % SEED_BLOCK !== 0 || HEADER_BYTES + header.length + SIGNATURE_BYTES > REGION_BYTES) return undefined;
  return bytes.equals(padWithLines(renderText(header), HEADER_BYTES)) ? header : undefined;
}

/** Within a longer pattern: without its ends, and its group not counted. */
const NAME = SHORT_NAME.source.slice(1, -1).replace('(', '(?:');
const PATTERN = new RegExp(
  [
    '^SEMEUR-SEED 1',
    `client (${NAME})`,
    `profile (${NAME})`,
    'generation ([1-9][0-9]{0,8})',
    'length ([1-9][0-9]{0,6})',
    'sha256 ([0-9a-f]{64})',
    'signer (SHA256:[A-Za-z0-9+/]{43})',
    '',
  ].join('\n'),
);

function renderText({ client, profile, generation, length, sha256, signer }: SeedHeader): string {
  const lines = [
    'SEMEUR-SEED 1',
    `client ${client}`,
    `profile ${profile}`,
    `generation ${generation}`,
    `length ${length}`,
    `sha256 ${sha256}`,
    `signer ${signer}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Line feeds rather than zeros: the seed's text parts can be read with any pager. */
export function padWithLines(text: string, bytes: number): Buffer {
  const padded = Buffer.alloc(bytes, '\n');
  const content = Buffer.from(text, 'latin1');
  if (content.length > bytes) throw new RangeError(`Cannot pad ${content.length} bytes to ${bytes}`);
  content.copy(padded);
  return padded;
}
