import fc from 'fast-check';
import { heartbeatOf, type OpenHome } from './open-home.ts';
import { send } from './requests-to-home.ts';
import { claimOf, issue } from './sample-fleet.ts';

const PATHS = ['/v1/claim', '/v1/confirm', '/v1/heartbeat', '/v1/report', '/v1/time', '/health', '/', '/v1/claim/', '/v1//claim?x=1'];
/** What home may say. A 500 is a mistake of ours, a 200 to what is odd as well. */
const ALLOWED = /^(?:error [a-z-]{3,20} [A-Z][^\n]{5,100}\.\n|)$/;

/** Requests like a card's with something odd in them, to every listener of theirs, from senders that home doesn't know. @throws when home says anything else. */
export async function fuzzHome(home: OpenHome, runs: number): Promise<void> {
  const good = [claimOf(issue('nobody')), heartbeatOf(), { client: 'nobody', text: 'x' }, {}];
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 6 }), fc.constant(undefined), fc.integer(), fc.string({ unit: 'binary', maxLength: 300 }));
  const body = fc.oneof(
    odd.map((value) => JSON.stringify(value) ?? ''),
    fc.string({ unit: 'binary', maxLength: 2000 }),
    fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.constantFrom(...good), fc.string(), odd).map(([request, key, value]) => JSON.stringify({ ...request, [key]: value })),
    fc
      .tuple(fc.constantFrom(...good), fc.nat(), odd)
      .map(([request, index, value]) => JSON.stringify({ ...request, [Object.keys(request)[index % 5] ?? 'x']: value })),
    fc.tuple(fc.constantFrom(...good), fc.nat(), fc.nat(255)).map(([request, at, byte]) => {
      const bytes = Buffer.from(JSON.stringify(request));
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
  );
  const { nursery, tunnel, open } = home.ports;
  const listener = fc.constantFrom(nursery, tunnel, open);
  const address = fc.tuple(fc.constantFrom(20, 70), fc.nat(255), fc.nat(255)).map((parts) => `127.${parts.join('.')}`);
  const request = fc.record({
    port: listener,
    path: fc.constantFrom(...PATHS),
    body,
    from: address,
    method: fc.constantFrom('POST', 'POST', 'POST', 'PUT', 'PATCH'),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ port, path, body: content, from, method }) => {
      const { status, text } = await send(`127.0.0.1:${port}`, path, content, { from, method, secure: port === open });
      if (status === 500 || status < 400 || !ALLOWED.test(text)) throw new Error(`${status} ${JSON.stringify(text)}`);
    }),
    { numRuns: runs, endOnFailure: true },
  );
}
