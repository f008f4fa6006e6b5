import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { Failure } from '../../kit/failure.ts';
import { isRunning } from '../../kit/is-running.ts';

/** Removes a download, whole or not, and what is known of it. */
export async function discardDownload(file: string): Promise<void> {
  await Promise.all(['', '.part', '.part.json'].map((end) => rm(`${file}${end}`, { force: true })));
}

/** Another process downloads the same file. */
export class BusyFile extends Failure {}

/** Which version of the file the part is of: sent back in If-Range. */
interface PartRecord {
  readonly url: string;
  readonly validator: string | undefined;
}

/** The bytes of a download so far, and their hash; "NAME.part", for this run and the next. */
export class PartFile {
  readonly #file: string;
  readonly #url: string;
  readonly #handle: FileHandle;
  #hash: Hash = createHash('sha256');
  #bytes = 0;
  #validator: string | undefined;

  private constructor(file: string, url: string, handle: FileHandle) {
    this.#file = file;
    this.#url = url;
    this.#handle = handle;
  }

  /** Takes up what an earlier run left of the same URL. */
  static async open(file: string, url: string, signal: AbortSignal): Promise<PartFile> {
    await mkdir(dirname(file), { recursive: true });
    await lock(file);
    // Whole, and not used up: whatever came after it was interrupted.
    await rename(file, `${file}.part`).catch(() => undefined);
    const handle = await open(`${file}.part`, 'a+');
    const part = new PartFile(file, url, handle);
    try {
      const record = await readRecord(file);
      if (record?.url === url) {
        part.#validator = record.validator;
        for await (const chunk of createReadStream(`${file}.part`, { signal, highWaterMark: 1024 * 1024 })) part.#count(chunk as Buffer);
      } else await part.restart(undefined);
    } catch (error) {
      await part.close();
      throw error;
    }
    return part;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get validator(): string | undefined {
    return this.#validator;
  }

  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#handle.appendFile(chunk);
    this.#count(chunk);
  }

  /** Begins anew, with another version of the file. */
  async restart(validator: string | undefined): Promise<void> {
    await this.#handle.truncate(0);
    await writeFileAtomically(`${this.#file}.part.json`, JSON.stringify({ url: this.#url, validator }));
    this.#hash = createHash('sha256');
    this.#bytes = 0;
    this.#validator = validator;
  }

  /** Gives the whole file its name; where it came from stays beside it. */
  async finish(): Promise<void> {
    await this.#handle.sync();
    await rename(`${this.#file}.part`, this.#file);
  }

  async close(): Promise<void> {
    await this.#handle.close();
    await rm(`${this.#file}.lock`, { force: true });
  }

  #count(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
  }
}

async function readRecord(file: string): Promise<PartRecord | undefined> {
  try {
    return JSON.parse(await readFile(`${file}.part.json`, 'utf8')) as PartRecord;
  } catch {
    return undefined;
  }
}

/** Two commands that append to one part would spoil it. */
async function lock(file: string): Promise<void> {
  for (;;) {
    const handle = await open(`${file}.lock`, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (handle) {
      await handle.writeFile(String(process.pid));
      return handle.close();
    }
    const pid = Number.parseInt(await readFile(`${file}.lock`, 'utf8').catch(() => ''), 10);
    // In a container a process often has the id that one before it had.
    if (pid > 0 && pid !== process.pid && isRunning(pid)) {
      throw new BusyFile(`Cannot download "${file}": the process ${pid} is at it already`, { hint: 'Wait for it, then run the same command' });
    }
    await rm(`${file}.lock`, { force: true });
  }
}
