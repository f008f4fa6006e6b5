import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve, sep } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { Failure } from './failure.ts';

/** What a machine is like just now, and what to do about it: nothing of it is a mistake of Semeur's. */
export interface Trouble {
  readonly reason: string;
  readonly hint: string;
  /** Whoever knows what it happened to has a better hint. */
  readonly isVague?: boolean;
}

/** What the system says by a code (errno(3)); {} is the path. What would be our own mistake, such as EBADF, is left out. */
const SYSTEM: Readonly<Record<string, Trouble>> = {
  EACCES: { reason: 'permission denied', hint: 'See whose it is: ls -ld {}' },
  EPERM: { reason: 'the system does not allow it', hint: 'See whose it is: ls -ld {}; some things are for root alone' },
  EROFS: { reason: 'its disk is read-only', hint: 'Take a folder on another disk, or see why this one is read-only: findmnt --target {}' },
  ENOSPC: { reason: 'the disk is full', hint: 'Make room there: df -h {}' },
  EDQUOT: { reason: 'your share of the disk is used up', hint: 'Make room there: quota, df -h {}' },
  EFBIG: { reason: 'the file is larger than its disk allows', hint: 'Take a folder on another disk: FAT takes no file over 4 GiB' },
  EIO: { reason: 'the disk cannot be read or written there', hint: 'Look at the disk (journalctl -k): it may be failing' },
  ENOENT: { reason: 'there is none', hint: 'Look at the path, then run the same command again' },
  EEXIST: { reason: 'it is there already', hint: 'Take it away, or name another' },
  ENOTDIR: { reason: 'a file is where a folder must be', hint: 'Take that file away, or name another folder' },
  EISDIR: { reason: 'it is a folder', hint: 'Name a file' },
  ENOTEMPTY: { reason: 'there is something in it', hint: 'Is the same command running elsewhere? Else run it again' },
  ELOOP: { reason: 'its symbolic links go round in a circle', hint: 'Mend the links: ls -l {}' },
  ENAMETOOLONG: { reason: 'the name is too long', hint: 'Take a shorter one' },
  EXDEV: { reason: 'it is on another disk', hint: 'Take folders of one disk' },
  EBUSY: { reason: 'something else is using it', hint: 'See what does: fuser -v {}' },
  ETXTBSY: { reason: 'it is running', hint: 'End it first' },
  EMFILE: { reason: 'too many files are open', hint: 'Raise the limit, then run the same command again: ulimit -n 4096' },
  ENFILE: { reason: 'too many files are open on this machine', hint: 'End other programs, then run the same command again' },
  ENOMEM: { reason: 'there is not enough memory', hint: 'End other programs, or take a machine with more memory' },
  EAGAIN: { reason: 'this machine can start no more programs', hint: 'End other programs, or raise the limit: ulimit -u' },
  E2BIG: { reason: 'too much was given at once', hint: 'Do it in smaller parts' },
  EADDRINUSE: { reason: 'something else listens there', hint: 'See what does: ss -ltnp' },
  EADDRNOTAVAIL: { reason: 'this machine has no such address', hint: 'See which it has: ip address' },
  ECONNREFUSED: { reason: 'no server answers there', hint: 'Look at the address, and at the network' },
  ECONNRESET: { reason: 'the connection was cut', hint: 'Look at the network, then run the same command again' },
  ETIMEDOUT: { reason: 'no answer came in time', hint: 'Look at the address, and at the network' },
  EHOSTUNREACH: { reason: 'the host cannot be reached', hint: 'Look at the address, and at the network' },
  ENETUNREACH: { reason: 'there is no network', hint: 'Look at the network, then run the same command again' },
  ENOTFOUND: { reason: 'no host of this name is known', hint: 'Look at the name, and at the network' },
  ERR_PROXY_TUNNEL: { reason: 'the proxy of the environment lets nothing through to it', hint: 'Look at https_proxy' },
  ERR_STREAM_PREMATURE_CLOSE: { reason: 'the connection was cut', hint: 'Look at the network, then run the same command again' },
  EAI_AGAIN: { reason: 'there is no network, or no name server answers', hint: 'Look at the network, then run the same command again' },
};

/** SQLite's own codes (sqlite.org/rescode.html), by the system's. */
const SQLITE: Readonly<Record<number, string>> = { 3: 'EACCES', 8: 'EROFS', 10: 'EIO', 13: 'ENOSPC', 14: 'EACCES' };
const SQLITE_ONLY: Readonly<Record<number, Trouble>> = {
  5: { reason: 'something else is writing to the database', hint: 'Run the same command again' },
  11: { reason: 'the database is damaged', hint: 'Take it back from your backup' },
  26: { reason: 'the file is no database', hint: 'Take it back from your backup' },
};

const NO_NETWORK = 'Look at the network, or at http_proxy and https_proxy, then run the same command again';

/** What programs say, where it is sure what they mean. The first that fits. */
const SAID: readonly (readonly [RegExp, Trouble])[] = [
  [
    /no space left on device|you don't have enough free space|disk quota exceeded|ENOSPC/i,
    { reason: 'the disk is full', hint: 'Make room, then run the same command again' },
  ],
  [
    /address already in use/i,
    { reason: 'something else listens on its port', hint: 'See what does: ss -lntup; end that first, or take another port' },
  ],
  [/network is unreachable|no route to host/i, { reason: 'there is no network', hint: NO_NETWORK }],
  [
    /temporary failure (resolving|in name resolution)|could not resolve|couldn't resolve|name or service not known/i,
    { reason: 'there is no network, or no name server answers', hint: NO_NETWORK },
  ],
  [/connection refused|connection timed out|could not connect to|unable to connect to/i, { reason: 'a server does not answer', hint: NO_NETWORK }],
  [
    /unshare failed|uid_map|newuidmap|gid_map/i,
    { reason: 'this machine lets you make no namespaces', hint: 'Run "semeur doctor", which says what to change, or run this as root' },
  ],
  [
    /not (yet )?valid (yet|until)|is not valid yet|release file .* expired/i,
    { reason: 'the clock of this machine and the packages do not agree', hint: 'Look at the clock: date' },
  ],
  [/read-only file system|EROFS/i, { reason: 'a disk is read-only', hint: 'Take a folder on another disk' }],
  [/cannot allocate memory|out of memory/i, { reason: 'there is not enough memory', hint: 'End other programs, or take a machine with more memory' }],
  [
    /permission denied|operation not permitted/i,
    { reason: 'permission denied', hint: 'See whose the files are that it names; some things are for root alone', isVague: true },
  ],
];

/** How a message names what was being done. */
const ACTIONS: Readonly<Record<string, string>> = {
  ...{ open: 'open', read: 'read', scandir: 'look into', opendir: 'look into', stat: 'look at', lstat: 'look at', statfs: 'look at', access: 'open' },
  ...{ write: 'write', mkdir: 'make the folder', mkdtemp: 'make a folder like', rename: 'write', link: 'write', symlink: 'write', copyfile: 'write' },
  ...{
    ftruncate: 'write',
    fsync: 'write',
    utime: 'write',
    chmod: 'write',
    fchmod: 'write',
    chown: 'write',
    unlink: 'remove',
    rm: 'remove',
    rmdir: 'remove',
  },
  ...{ listen: 'listen on', bind: 'listen on', connect: 'reach', getaddrinfo: 'reach' },
};

type SystemError = NodeJS.ErrnoException & { dest?: string; address?: string; port?: number; hostname?: string; errcode?: number };

/**
 * The state of a machine as a failure with a hint.
 * @param folders where this run writes, to find out which disk is full when the system doesn't say.
 * @returns undefined for what is no such thing, so perhaps a bug.
 */
export function explainMachine(error: unknown, folders: readonly string[] = []): Failure | undefined {
  const trouble = error instanceof Error ? troubleOf(error) : undefined;
  if (!trouble) return undefined;
  const deeper = findDeeper(error as SystemError);
  if (deeper) return explainMachine(deeper);
  const { syscall = '', dest, path, address, port, hostname, code = '' } = error as SystemError;
  if (syscall === 'uv_cwd') {
    return new Failure('Cannot go on: the folder that this runs in is gone', { hint: 'Go to one that is there: cd', cause: error });
  }
  const place =
    (port === undefined ? address : `${address}:${port}`) ?? hostname ?? dest ?? path ?? (code === 'ENOSPC' ? findFullDisk(folders) : undefined);
  const action = ACTIONS[syscall.split(' ')[0] ?? ''] ?? (syscall.startsWith('spawn') ? 'run' : 'use');
  const what = place === undefined ? 'go on' : `${action} "${place}"`;
  return new Failure(`Cannot ${what}: ${trouble.reason}`, { hint: hintFor(code, trouble, place), cause: error });
}

/** Where a folder can't be made with those above it, Node.js says only that it isn't there: this finds why the first one that is there takes none. */
function findDeeper({ syscall, code, path }: SystemError): unknown {
  if (syscall !== 'mkdir' || code !== 'ENOENT' || path === undefined) return undefined;
  let above = path;
  while (!existsSync(above) && above !== dirname(above)) above = dirname(above);
  try {
    accessSync(above, constants.W_OK);
    return undefined;
  } catch (error) {
    return Object.assign(error as SystemError, { syscall: 'mkdir', path });
  }
}

/** Why, in words: for a message that says by itself what it is about. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error && troubleOf(error)?.reason) || String((error as NodeJS.ErrnoException | undefined)?.code ?? error);
}

/** The same of a code alone; undefined where it says nothing. */
export function reasonOfCode(code: string): string | undefined {
  return SYSTEM[code]?.reason;
}

/** What to do about a file or folder that the system refuses. */
export function hintOf(error: unknown, path: string): string {
  const trouble = error instanceof Error ? troubleOf(error) : undefined;
  return hintFor((error as NodeJS.ErrnoException).code ?? '', trouble ?? { reason: '', hint: 'Look at it: ls -ld {}' }, path);
}

/** What a program's last words mean. @param folder where it writes what is large. */
export function recogniseWords(words: string, folder?: string): Trouble | undefined {
  const found = SAID.find(([pattern]) => pattern.test(words))?.[1];
  if (found === undefined || folder === undefined || !isInside(folder, cacheFolder())) return found;
  const code = { 'the disk is full': 'ENOSPC', 'a disk is read-only': 'EROFS' }[found.reason];
  return code === undefined ? found : { reason: `${SYSTEM[code]?.reason} ("${folder}")`, hint: hintFor(code, found, folder) };
}

function troubleOf(error: Error): Trouble | undefined {
  const { code, errcode, syscall } = error as SystemError;
  if (code === 'ERR_SQLITE_ERROR' && errcode !== undefined) {
    const primary = errcode % 256;
    return SQLITE_ONLY[primary] ?? SYSTEM[SQLITE[primary] ?? ''];
  }
  return code !== undefined && syscall !== undefined ? SYSTEM[code] : undefined;
}

/** The cache and the folder for temporary files can be elsewhere. */
function hintFor(code: string, { hint }: Trouble, place: string | undefined): string {
  const isOfDisk = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EIO', 'EFBIG'].includes(code);
  if (place !== undefined && isOfDisk && isInside(place, cacheFolder())) {
    if (['ENOSPC', 'EDQUOT'].includes(code)) return 'Free some space (semeur cache prune), or set XDG_CACHE_HOME to a folder on a larger disk';
    return `Set XDG_CACHE_HOME to a folder of yours that can be written; this one is the cache (ls -ld ${shellWord(cacheFolder())})`;
  }
  // What mkdtemp(3) was asked for: other things may lie there too, which are not ours to put elsewhere.
  if (place !== undefined && isOfDisk && isInside(place, tmpdir()) && place.endsWith('XXXXXX')) {
    return `Set TMPDIR to a folder that can be written and has room; it is "${tmpdir()}" now`;
  }
  return hint.replaceAll('{}', place === undefined ? '.' : shellWord(place));
}

function isInside(path: string, folder: string): boolean {
  const [inner, outer] = [resolve(path), resolve(folder)];
  return inner === outer || inner.startsWith(outer + sep);
}

/** A disk is as good as full when less than this is free: what didn't fit has been taken away again by now. */
const NEARLY_FULL = 32 * 1024 * 1024;

function findFullDisk(folders: readonly string[]): string | undefined {
  return [...folders, cacheFolder(), tmpdir()].find((folder) => {
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize < NEARLY_FULL;
    } catch {
      return false;
    }
  });
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
