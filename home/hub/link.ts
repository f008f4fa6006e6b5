import { setTimeout } from 'node:timers/promises';
import { Failure } from '../../kit/failure.ts';
import { allowForwarding } from './forwarding.ts';
import type { HubOptions } from './options.ts';
import { runProgram } from './programs.ts';
import { startWireguardGo, type WireguardGo } from './wireguard-go.ts';

/** The hub's WireGuard interface. */
export interface Link {
  readonly kind: 'kernel' | 'wireguard-go';
  /** The hub's own. */
  readonly publicKey: string;
  /** Makes the interface again where it is gone. */
  ensure(): Promise<void>;
  /** Addresses, route, MTU; up. Again and again, since others may change them. */
  configure(): Promise<void>;
  close(): Promise<void>;
}

/** The least that IPv6 allows, so it fits through whatever the clients' networks are made of. */
const MTU = '1280';

/** By the kernel's own WireGuard, else by wireguard-go. An interface that a home which was killed left behind is taken over, sessions and all. */
export async function openLink(options: HubOptions, publicKey: string): Promise<Link> {
  const { interface: name, addresses, prefix } = options;
  await refuseForeign(name, publicKey);
  const refusal = (await isThere(name)) ? undefined : await addKernelLink(name);
  let go: WireguardGo | undefined = refusal === undefined ? undefined : await startWireguardGo(name, refusal);
  await allowForwarding(name);

  return {
    kind: go ? 'wireguard-go' : 'kernel',
    publicKey,
    async ensure() {
      if (await isThere(name)) return;
      options.log('the interface was gone: made again', { interface: name });
      await go?.stop();
      const again = go ? 'it had to be started again' : await addKernelLink(name);
      if (again !== undefined) go = await startWireguardGo(name, again);
      await allowForwarding(name);
    },
    async configure() {
      const told = {
        doing: `set up the interface "${name}" of the VPN`,
        hint: 'Does another home run on this machine? End that one first; run home as root',
      };
      for (const address of addresses) await runProgram(['ip', '-6', 'address', 'replace', address, 'dev', name, 'nodad'], told);
      await runProgram(['ip', 'link', 'set', 'dev', name, 'mtu', MTU, 'up'], told);
      await runProgram(['ip', '-6', 'route', 'replace', prefix, 'dev', name], told);
    },
    async close() {
      if (go) await go.stop();
      else if (await isThere(name)) await runProgram(['ip', 'link', 'delete', 'dev', name]);
    },
  };
}

/**
 * Neither an interface of this name that isn't ours, nor another home's in another network: programs of the same /run ask a wireguard-go for by name alone.
 * One whose home was killed ends with it, but not in the same instant.
 */
async function refuseForeign(name: string, publicKey: string): Promise<void> {
  for (const deadline = Date.now() + 2000; ; await setTimeout(100)) {
    const isHere = await isThere(name);
    const key = (await runProgram(['wg', 'show', name, 'public-key']).catch(() => '')).trim();
    if (!isHere && key === '') return;
    const isKernel = isHere && (await isKernels(name));
    if (isKernel && (key === publicKey || key === '(none)')) return;
    if (!isKernel && Date.now() < deadline) continue;
    const where = isHere ? "is there already, and not this hub's" : "is another home's, in another network of this machine";
    throw new Failure(`Cannot open the VPN: the interface "${name}" ${where}`, {
      hint: 'Is another home running? Else name another one with --interface',
    });
  }
}

function isKernels(name: string): Promise<boolean> {
  return runProgram(['ip', '-details', 'link', 'show', 'dev', name]).then(
    (text) => /^\s+wireguard\b/m.test(text),
    () => false,
  );
}

async function isThere(name: string): Promise<boolean> {
  return runProgram(['ip', 'link', 'show', 'dev', name]).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Failure && error.details.some((line) => /does not exist/.test(line))) return false;
      throw error;
    },
  );
}

/** @returns why there can be none, if so. */
async function addKernelLink(name: string): Promise<string | undefined> {
  return runProgram(['ip', 'link', 'add', 'dev', name, 'type', 'wireguard']).then(
    () => undefined,
    (error: unknown) => (error instanceof Failure ? error.details.slice(1).join(' ').trim() : String(error)),
  );
}
