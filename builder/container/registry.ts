import type { Response } from 'node-fetch';
import { z } from 'zod';
import { Failure } from '../../kit/failure.ts';
import { openUrl, refuseStatus, showUrl } from '../fetch/web-request.ts';
import type { PinnedImage } from '../workspace/image-name.ts';

/** One repository of a registry. Source: OCI distribution specification 1.1. */
export interface Registry {
  readonly urlOf: (kind: 'manifests' | 'blobs', sha256: string) => string;
  /** openUrl() with what the registry wants to see besides. */
  readonly open: typeof openUrl;
}

const MANIFESTS = [
  ...['application/vnd.oci.image.index.v1+json', 'application/vnd.oci.image.manifest.v1+json'],
  ...['application/vnd.docker.distribution.manifest.list.v2+json', 'application/vnd.docker.distribution.manifest.v2+json'],
].join(', ');
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/** Nobody has an account: a token that the registry gives to everybody is asked for when it wants one, and again when it has expired. */
export function openRegistry({ host, name }: PinnedImage): Registry {
  const scheme = LOOPBACK.test(host) ? 'http' : 'https';
  let token: string | undefined;
  const open: typeof openUrl = async (url, headers, signal) => {
    const ask = () => {
      const authorization: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
      return openUrl(url, { ...headers, ...authorization, ...(url.includes('/manifests/') ? { Accept: MANIFESTS } : {}) }, signal);
    };
    const response = await ask();
    if (response.status !== 401) return response;
    token = await fetchToken(response, { host, name }, signal);
    return ask();
  };
  return { urlOf: (kind, sha256) => `${scheme}://${host}/v2/${name}/${kind}/sha256:${sha256}`, open };
}

const answerSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/** @see https://distribution.github.io/distribution/spec/auth/token/ */
async function fetchToken(refused: Response, { host, name }: Pick<PinnedImage, 'host' | 'name'>, signal: AbortSignal): Promise<string> {
  const challenge = refused.headers.get('www-authenticate') ?? '';
  const fields = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));
  const realm = URL.parse(fields.get('realm') ?? '');
  if (!/^bearer /i.test(challenge) || !realm || !(realm.protocol === 'https:' || LOOPBACK.test(realm.host))) throw refuseEntry(host, name);
  realm.searchParams.set('service', fields.get('service') ?? host);
  realm.searchParams.set('scope', fields.get('scope') ?? `repository:${name}:pull`);
  const response = await openUrl(realm.href, {}, signal);
  if ([401, 403].includes(response.status)) throw refuseEntry(host, name);
  if (response.status !== 200) throw refuseStatus(realm.href, response);
  const { token, access_token: other } = answerSchema.parse(await readJson(response, realm.href));
  if (token === undefined && other === undefined) throw refuseEntry(host, name);
  return token ?? other ?? '';
}

async function readJson(response: Response, url: string): Promise<unknown> {
  return response.json().catch((cause: unknown) => {
    throw new Failure(`Cannot read the answer of "${showUrl(url)}": it is no JSON`, { hint: 'Look at the address, or try again later', cause });
  });
}

function refuseEntry(host: string, name: string): Failure {
  return new Failure(`Cannot download "${name}": ${host} gives it to nobody without an account`, {
    hint: 'Look at the name; Semeur takes images that are open to everybody',
  });
}
