import { Resolver } from 'node:dns/promises';
import { describeReserved } from '../../builder/workspace/rules/reserved.ts';

interface Asking {
  /** Name servers, "address:port"; without them, this machine's own. */
  readonly servers?: readonly string[];
  readonly patienceMs?: number;
}

/** What the DNS says of these names, IPv4 first. @returns nothing where there is no network, no such name, or no answer in time: it is a proposal and no more. */
export async function lookUpAddresses(names: readonly string[], { servers, patienceMs = 2500 }: Asking = {}): Promise<string[]> {
  const wanted = names.filter((name) => describeReserved(name) === undefined);
  if (wanted.length === 0) return [];
  const resolver = new Resolver({ timeout: patienceMs, tries: 1 });
  if (servers) resolver.setServers(servers);
  const late = setTimeout(() => resolver.cancel(), patienceMs);
  try {
    const asked = [...wanted.map((name) => resolver.resolve4(name)), ...wanted.map((name) => resolver.resolve6(name))];
    const answers = await Promise.all(asked.map((answer) => answer.catch(() => [])));
    return [...new Set(answers.flat())];
  } finally {
    clearTimeout(late);
  }
}
