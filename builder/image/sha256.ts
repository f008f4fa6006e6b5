import { createSHA256, type IHasher } from 'hash-wasm';

/** A running SHA-256 whose state can be saved and taken up again: what node:crypto can't do. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** Base64 of the state so far (116 bytes: the version of hash-wasm, the chaining value, the open block). */
  save(): string;
  /** 64 lower-case hexadecimal digits; ends the hasher. */
  digest(): string;
}

/**
 * Starts a SHA-256, or goes on from a midstate.
 * Each call makes an instance of its own (0.1 ms), so several may run at once.
 * @throws {Error} when the midstate was saved by another version of hash-wasm.
 */
export async function startSha256(midstate?: string): Promise<Sha256> {
  const hasher: IHasher = await createSHA256();
  hasher.init();
  if (midstate !== undefined) hasher.load(Buffer.from(midstate, 'base64'));
  return {
    update: (bytes) => void hasher.update(bytes),
    save: () => Buffer.from(hasher.save()).toString('base64'),
    digest: () => hasher.digest(),
  };
}

/** SHA-256 of what led to `midstate`, followed by `bytes`. */
export async function continueSha256(midstate: string, bytes: Uint8Array): Promise<string> {
  const sha256 = await startSha256(midstate);
  sha256.update(bytes);
  return sha256.digest();
}
