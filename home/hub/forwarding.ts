import { constants } from 'node:fs';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { Failure } from '../../kit/failure.ts';
import { reasonOf } from '../../kit/machine-trouble.ts';

const CONF = '/proc/sys/net/ipv6/conf';

/** Lets packets that come in by the hub's interface be forwarded: between operators and cards, by the packet filter's leave. */
export async function allowForwarding(name: string): Promise<void> {
  try {
    // Since Linux 6.17 one interface can be allowed to forward, and the machine stays the host it is.
    if (await has(`${CONF}/${name}/force_forwarding`)) await write(`${CONF}/${name}/force_forwarding`, '1');
    else await allowEverywhere();
  } catch (error) {
    throw new Failure(`Cannot switch on IPv6 forwarding: ${reasonOf(error)}`, {
      hint: 'Run home as root, or put "net.ipv6.conf.all.forwarding=1" in a file of /etc/sysctl.d',
      cause: error,
    });
  }
}

/** A router forgets the default route that it learnt from the provider's router, unless it is told (2) to go on listening. */
async function allowEverywhere(): Promise<void> {
  if ((await read(`${CONF}/all/forwarding`)) === '1') return;
  for (const other of await readdir(CONF)) {
    const file = `${CONF}/${other}/accept_ra`;
    if ((await read(file)) === '1') await write(file, '2');
  }
  await write(`${CONF}/all/forwarding`, '1');
}

/** Not by a temporary name: these are the kernel's variables. */
async function write(file: string, value: string): Promise<void> {
  if ((await read(file)) !== value) await writeFile(file, value);
}

async function read(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim();
}

async function has(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}
