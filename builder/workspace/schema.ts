import { z } from 'zod';
import { BOARDS } from '../platform/boards.ts';
import { BASES, basesFrom } from '../platform/platforms.ts';
import { refuseDownloadsUrl, refuseEndpoint, refuseHomeUrl, refuseListen, refuseMirror, refusePrefix, refuseRelease } from './rules/addresses.ts';
import { refuseUnpinnedImage } from './rules/containers.ts';
import { name, refuseHostName, refuseSize, refuseTimeZone } from './rules/names.ts';
import { fingerprint, refuseImagePath, refuseListUrl, refuseWorkspacePath, releaseDate } from './rules/raspios.ts';
import { line, matching, ruled } from './rules/rule.ts';
import { refuseSsid, refuseWifiPassword } from './rules/wifi.ts';

export const LANGUAGES = ['fr', 'en'] as const;
export const SUITES = ['trixie', 'bookworm'] as const;

/** Where home listens unless it is told otherwise: ports below 1024 may be another program's. */
export const LISTEN_PORT = 8443;

const phoneNumber = () => matching(/^[+0-9][0-9 ().-]{2,30}$/, 'a number such as "+33 1 23 45 67 89"');
/** The form of a workspace's files. It rises when what is written in them comes to mean something else, never because a key is added. */
export const WORKSPACE_VERSION = 1;
export const OTHER_VERSION = { message: `This Semeur reads version ${WORKSPACE_VERSION} of a workspace`, hint: 'Update Semeur' } as const;

const version = z
  .int()
  .check(({ value, issues }) => {
    const { message, hint } = OTHER_VERSION;
    if (value !== WORKSPACE_VERSION) issues.push({ code: 'custom', input: value, message, params: { hint } });
  })
  .meta({ const: WORKSPACE_VERSION })
  .describe('The version of this workspace; without it, 1');

/** semeur.yaml */
export const operatorSchema = z.strictObject({
  semeur: version.optional(),
  operator: line(100).describe('The name of your co-operative, as people read it'),
  email: matching(/^[^\s@<>"/]+@([^\s@<>"/.]+\.)+[^\s@<>"/.]+$/, 'an address such as "help@co-op.example"').describe('Where clients write for help'),
  phone: phoneNumber().describe('Where clients call for help').optional(),
  language: z.enum(LANGUAGES).describe('The language of clients that name no other'),
  timezone: ruled(refuseTimeZone).describe('The time zone of clients that name no other, such as "Europe/Paris"'),
  vpn: z
    .strictObject({
      prefix: ruled(refusePrefix).describe('The private IPv6 network of your fleet: a random /48 that begins with "fd"'),
      endpoints: z.array(ruled(refuseEndpoint)).min(1).describe('Where cards reach your VPN, each "host:port", tried in turn'),
    })
    .describe('The VPN between you and the cards'),
  home: z
    .strictObject({
      url: ruled(refuseHomeUrl).describe('The public address of your server, with the port unless it is 443'),
      listen: ruled(refuseListen).default(`[::]:${LISTEN_PORT}`).describe('Where your server waits for that address, "address:port"'),
      forwarded: z
        .boolean()
        .default(false)
        .describe('Say true where something before your server leads the port of its public address to another one, and does not end TLS'),
      downloads: ruled(refuseDownloadsUrl).describe("The public address of clients' download pages, if you offer them").optional(),
      vpnPort: z.int().min(1).max(65535).default(51820).describe('The UDP port of your VPN; other ports of the endpoints are led to it'),
    })
    .describe('Your server, which cards call'),
  mirror: ruled(refuseMirror).describe('The Debian mirror to build from; without it, the one that this machine uses').optional(),
  pool: ruled(refuseRelease)
    .describe('A release made with --with-pool, its address or its folder from here: packages of a lock are sought there before a mirror')
    .optional(),
  snapshot: ruled(refuseMirror)
    .describe(
      'An archive of old packages, laid out as a mirror, for those of a lock that mirrors have no more; "{time}" in it is the moment of the lock',
    )
    .optional(),
  archives: z
    .strictObject({
      debian: ruled(refuseMirror).describe("Debian's archive, or a mirror of it"),
      security: ruled(refuseMirror).describe('Its security updates').optional(),
    })
    .describe(
      `What cards of the base ${basesFrom('packages').join(' or ')} ask for packages; without it, what this machine asks at the profile's first build, as the lock says`,
    )
    .optional(),
  raspios: z
    .strictObject({
      list: ruled(refuseListUrl).describe('The list of images, as Raspberry Pi Imager reads it; without it, the official one').optional(),
      keys: ruled(refuseWorkspacePath).describe("A file of OpenPGP public keys, from here; without it, Raspberry Pi's own are fetched").optional(),
      signers: z.array(fingerprint()).default([]).describe("Fingerprints of keys that may sign images besides Raspberry Pi's own"),
      archive: ruled(refuseMirror).describe("Raspberry Pi's package archive to build from; without it, the one that the image names").optional(),
      signature: z.enum(['optional', 'required']).default('optional').describe('Whether an image without a signature is refused'),
    })
    .describe('Where Raspberry Pi OS comes from')
    .optional(),
  images: z
    .record(name(), ruled(refuseUnpinnedImage))
    .default({})
    .describe('The container image of a service, `HOST/NAME@sha256:DIGEST`, by the name of the service'),
});
export type Operator = z.output<typeof operatorSchema>;

/** profiles/NAME.yaml */
export const profileSchema = z.strictObject({
  profile: name().describe('As the file is named'),
  base: z.enum(BASES).describe('The operating system'),
  raspios: z
    .strictObject({
      suite: z.enum(SUITES).describe('Without it, trixie; of an image of your own, what its name tells').optional(),
      release: releaseDate().describe('The date of the image in the list, such as "2026-06-18"; without it, the newest').optional(),
      image: ruled(refuseImagePath).describe('A .img, .img.xz or .zip of your own, from the workspace, in place of the list').optional(),
    })
    .describe('Which Raspberry Pi OS, where that is the base')
    .optional(),
  boards: z.array(z.enum(BOARDS)).min(1).describe('The Raspberry Pi models it must run on'),
  services: z.array(name()).default([]).describe('What it offers: overlays, by name'),
  packages: z
    .array(matching(/^[a-z0-9][a-z0-9+.-]+$/, 'the name of a Debian package'))
    .default([])
    .describe('More Debian packages'),
  published: ruled(refuseListUrl).describe('The address of a release that it is taken from, instead of being built here').optional(),
  reserve: ruled(refuseSize).default('64MiB').describe('Free bytes of the root file system before it grows to the end of the card'),
});
export type Profile = z.output<typeof profileSchema>;

/** clients/NAME.yaml */
export const clientSchema = z.strictObject({
  client: name().describe('As the file is named'),
  name: line(100).describe('As people read it'),
  profile: name().describe('What their card is: a file of profiles/, by name'),
  language: z.enum(LANGUAGES).describe("Without it, the operator's").optional(),
  hostname: ruled(refuseHostName).describe('The name of the Pi on their network; without it, the client').optional(),
  timezone: ruled(refuseTimeZone).describe("Without it, the operator's").optional(),
  phone: phoneNumber().describe('Where operators reach them').optional(),
  notes: line(500).describe('What operators are to know, such as when somebody is there').optional(),
  settings: z
    .record(z.string(), z.record(z.string(), z.string()))
    .default({})
    .describe('What each service says or does for them: service, key, text'),
  wifi: z
    .strictObject({
      ssid: ruled(refuseSsid).describe('The name of their network'),
      password: ruled(refuseWifiPassword).describe('8 to 63 characters'),
      country: matching(/^[A-Z]{2}$/, 'two capital letters, such as "FR"').describe('Which radio rules apply, such as "FR"'),
    })
    .describe('Only where no cable can reach')
    .optional(),
});
export type ClientFile = z.output<typeof clientSchema>;
export type ClientText = Exclude<keyof ClientFile, 'client' | 'settings' | 'wifi'>;
/** What a client's file says in one text each, behind its short name; in the order in which a new file has them. */
export const CLIENT_TEXTS = Object.keys(clientSchema.shape).filter((key) => !['client', 'settings', 'wifi'].includes(key)) as readonly ClientText[];
/** Whom operators have to do with: home shows these texts to them, and to nobody else. */
export const ABOUT: readonly ClientText[] = ['name', 'phone', 'notes'];
/** A client with what the file leaves out taken from the operator. */
export type Client = ClientFile & { readonly [Key in 'language' | 'hostname' | 'timezone']: NonNullable<ClientFile[Key]> };
