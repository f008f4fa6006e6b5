import { pbkdf2Sync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hubNurseryAddress, nurseryAddress } from '../../protocol/addresses.ts';
import { TUNNEL_PORT } from '../../protocol/ports.ts';
import type { LoadedOverlay, LoadedWorkspace } from '../workspace/load.ts';
import type { Client, Operator } from '../workspace/schema.ts';
import { pinOf, readHomeTls, readHubKey, readUserCa } from '../workspace/secrets.ts';
import type { ClientAccount } from './account.ts';
import { hashClientCode } from './client-code.ts';
import type { ClientKeys } from './keys.ts';
import { accountOf, listNamedPeople } from './named-people.ts';
import { compileTemplate, type Template } from './render.ts';

const TEMPLATES = join(import.meta.dirname, '../../templates');

/** Files of every seed, whatever the services: name in the seed, template. */
const OWN = [
  ['seed.conf', 'seed.conf.hbs'],
  ['enrol/vpn.conf', 'vpn.conf.hbs'],
  ['enrol/home.conf', 'home.conf.hbs'],
  ['enrol/token', 'token.hbs'],
  ['code.hash', 'code.hash.hbs'],
] as const;
/** Only where the client's file has `wifi`. */
const WIFI = ['wifi.conf', 'wifi.conf.hbs'] as const;

/** Everything needed to render any client's seed, compiled once. */
export interface SeedTemplates {
  readonly own: ReadonlyMap<string, Template>;
  readonly wifi: Template;
  readonly overlays: LoadedWorkspace['overlays'];
  /** By overlay: the settings' defaults, and a template for each file that it brings. */
  readonly services: ReadonlyMap<string, { readonly defaults: Readonly<Record<string, string>>; readonly files: ReadonlyMap<string, Template> }>;
}

/** What every card of an operator has to know of home. */
export interface HomeFacts {
  readonly hubKey: string;
  /** Fingerprints of home's key and of the one that will follow it. */
  readonly pins: readonly string[];
  readonly userCa: string;
}

export async function readHomeFacts(workspace: string): Promise<HomeFacts> {
  const [hub, tls, userCa] = await Promise.all([readHubKey(workspace), readHomeTls(workspace), readUserCa(workspace)]);
  return { hubKey: hub.publicKey, pins: [pinOf(tls.key), tls.backupPin], userCa };
}

export async function loadSeedTemplates({ overlays }: LoadedWorkspace): Promise<SeedTemplates> {
  const own = await Promise.all(OWN.map(async ([name, file]) => [name, await compileFile(join(TEMPLATES, file))] as const));
  const services = await Promise.all([...overlays.values()].map(async (overlay) => [overlay.overlay, await compileOverlay(overlay)] as const));
  return { overlays, own: new Map(own), wifi: await compileFile(join(TEMPLATES, WIFI[1])), services: new Map(services) };
}

async function compileOverlay({ folder, settings, templates }: LoadedOverlay) {
  const defaults = Object.fromEntries(Object.entries(settings).map(([key, { default: value }]) => [key, value]));
  const files = await Promise.all(templates.map(async ({ from, to }) => [`settings${to}`, await compileFile(join(folder, from))] as const));
  return { defaults, files: new Map(files) };
}

async function compileFile(file: string): Promise<Template> {
  return compileTemplate(file, await readFile(file, 'utf8'));
}

/**
 * Renders what one client's seed holds.
 * @param services of its profile, `card` and `firstboot` included.
 * @returns content by name in the seed.
 * @throws {Failure} naming the template and the variable, when one is unknown or can't stand where it is printed.
 */
export function renderSeedFiles(
  templates: SeedTemplates,
  operator: Operator,
  client: Client,
  keys: ClientKeys,
  home: HomeFacts,
  services: readonly string[],
): Map<string, Buffer> {
  const { name, hostname, language, timezone } = client;
  const common = {
    client: { client: client.client, name, hostname, language, timezone },
    operator: { name: operator.operator, email: operator.email ?? '' },
  };
  const files = new Map<string, Buffer>();
  const enrolment = { ...common, ...describeEnrolment(operator, keys, home) };
  for (const [name, template] of templates.own) files.set(name, Buffer.from(template(enrolment)));
  if (client.wifi) files.set(WIFI[0], Buffer.from(templates.wifi({ wifi: describeWifi(client.wifi) })));
  const account = describeAccount(client.client, keys.account);
  const backup = { key: keys.backupKey };
  for (const service of services) {
    const accounts = describeAccounts(templates, client, keys, service);
    const { defaults = {}, files: ofService = new Map<string, Template>() } = templates.services.get(service) ?? {};
    const settings = { ...defaults, ...client.settings[service] };
    for (const [name, template] of ofService) files.set(name, Buffer.from(template({ ...common, account, accounts, backup, settings })));
  }
  return files;
}

/** By id: null for one that the client names nobody for, so that a template may ask. */
function describeAccounts({ overlays }: SeedTemplates, client: Client, keys: ClientKeys, service: string) {
  const nobody = overlays.get(service)?.accounts.map(({ id }) => [id, null] as const) ?? [];
  const people = listNamedPeople(client, [service], overlays);
  return Object.fromEntries([...nobody, ...people.map((person) => [person.id, describeAccount(person.name, accountOf(keys, person))] as const)]);
}

function describeAccount(name: string, { bcrypt, scram }: ClientAccount) {
  return { name, bcrypt, scram };
}

/**
 * The name is hex, so that none can break out of its line. The key is made from the password (IEEE 802.11i: PBKDF2 with HMAC-SHA1, 4,096 rounds,
 * 32 bytes), so that the card knows how to join this one network, and not what else the family may open with the same words.
 */
function describeWifi({ ssid, password, country }: NonNullable<Client['wifi']>) {
  return { country, ssidHex: Buffer.from(ssid).toString('hex'), pskHex: pbkdf2Sync(password, ssid, 4096, 32, 'sha1').toString('hex') };
}

function describeEnrolment({ vpn, home }: Operator, keys: ClientKeys, { hubKey, pins, userCa }: HomeFacts) {
  const hubAddress = hubNurseryAddress(vpn.prefix);
  return {
    vpn: { privateKey: keys.vpn.privateKey, presharedKey: keys.presharedKey, address: nurseryAddress(vpn.prefix, keys.vpn.publicKey) },
    hub: { publicKey: hubKey, address: `${hubAddress}/128`, endpoints: vpn.endpoints },
    home: { url: new URL(home.url).origin, tunnelUrl: `http://[${hubAddress}]:${TUNNEL_PORT}`, pins, userCa },
    token: { value: keys.token, expires: keys.tokenExpires },
    code: { salt: keys.code.salt, hash: hashClientCode(keys.code) },
  };
}
