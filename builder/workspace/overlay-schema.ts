import { z } from 'zod';
import { containerSchema } from './container-schema.ts';
import { mode, owner, refuseCardPath, refuseSeedPath, refuseStatusPath, refuseTemplatePath, unit } from './rules/card-paths.ts';
import { name, refuseSize } from './rules/names.ts';
import { isRegExp, line, matching, type Rule, ruled } from './rules/rule.ts';
import { profileSchema } from './schema.ts';

const bilingual = z.strictObject({ fr: line(400), en: line(400) });
const size = () => ruled(refuseSize);
const refusePattern: Rule = (value) => (isRegExp(value) ? undefined : { message: 'Expected a regular expression, as JavaScript reads them' });

/** overlays/NAME/overlay.yaml */
export const overlaySchema = z.strictObject({
  overlay: name().describe('As the folder is named'),
  title: bilingual.describe('What people call it'),
  summary: bilingual.describe('What it does for them, in one sentence'),
  packages: profileSchema.shape.packages,
  settings: z
    .record(
      matching(/^[a-z][A-Za-z0-9_]{0,31}$/, 'a key that begins with a small letter, then letters, digits or "_"'),
      z.strictObject({
        title: bilingual.describe('What is asked'),
        default: z.string().describe('What holds when the client says nothing'),
        max: z.int().min(1).max(100_000).describe('The longest text, in characters').optional(),
        choices: z.array(z.string()).min(1).describe('The only texts that it takes').optional(),
        domain: z
          .boolean()
          .default(false)
          .describe("The name of a site on the internet, of this client's alone, whose visitors home passes on (docs/home.md)"),
        requires: z.string().describe('Another setting of this overlay, without which this one has to stay at its default').optional(),
        pattern: ruled(refusePattern).describe('A regular expression that the whole text matches; `title` says in words what it wants').optional(),
      }),
    )
    .default({})
    .describe('What clients may say, and what holds when they do not'),
  accounts: z
    .array(
      z.strictObject({
        id: name().describe("The service's name, or that, a hyphen and a word: what templates, keys and `out/CLIENT.account` call it"),
        of: z.string().describe('The setting that names the person; nobody while it is empty'),
        title: bilingual.describe('What the leaflet calls the name; the password follows it'),
      }),
    )
    .default([])
    .describe("People besides the client's own account, each with a password that Semeur makes"),
  container: containerSchema.describe('A program that Debian lacks, from an image of a registry (overlays.md)').optional(),
  templates: z
    .array(
      z.strictObject({
        from: ruled(refuseTemplatePath).describe('A file beside this one'),
        to: ruled(refuseSeedPath).describe('Where it goes on the card'),
        mode: mode().default('0644').describe('As chmod takes it'),
        owner: owner().default('root:root').describe('"user:group", of the card'),
      }),
    )
    .default([])
    .describe('Handlebars templates beside this file, rendered for each client'),
  files: z
    .array(
      z.strictObject({
        path: ruled(refuseCardPath).describe('A file of files/, as it stands on the card'),
        mode: mode().describe('As chmod takes it').optional(),
        owner: owner().describe('"user:group", of the card').optional(),
      }),
    )
    .default([])
    .describe('Modes and owners in files/ other than 0644 (0755 for programs) and root:root'),
  units: z
    .strictObject({
      enable: z.array(unit()).default([]).describe('Switched on'),
      mask: z.array(unit()).default([]).describe('Off for good, whatever a preset or a newer package says'),
    })
    .prefault({})
    .describe('systemd units switched on, and off for good'),
  front: matching(/^[a-z][a-z0-9-]{0,30}$/, 'a word such as "calendar"')
    .describe('Its place on the front door: http://HOSTNAME.local/WORD/, which files/etc/caddy/semeur.d/NAME.caddy answers')
    .optional(),
  ports: z
    .array(
      z.strictObject({
        port: z.int().min(1).max(65535).describe('Where it listens'),
        protocol: z.enum(['tcp', 'udp']).default('tcp').describe('How'),
        reach: z
          .enum(['lan', 'vpn', 'visitors'])
          .describe(
            "Who gets through: the home's network; operators and home; or the internet, as home passes it on, and by IPv6 without home where visitors.conf says so",
          ),
      }),
    )
    .default([])
    .describe("What the card's packet filter lets through; every other port is shut"),
  health: ruled(refuseCardPath)
    .describe('A program in files/: exit code 0 while the service does its job; else its first line says what is wrong')
    .optional(),
  status: z
    .strictObject({
      file: ruled(refuseStatusPath).describe(
        'What the service writes, whole, each time it is done: lines "NAME N" (seconds since 1970) and "NAME yes"',
      ),
      fields: z
        .record(
          matching(/^(?=.{1,32}$)[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/, 'a name of small letters, digits and hyphens, such as "last-sync"'),
          z.enum(['moment', 'flag', 'trouble']),
        )
        .refine((fields) => Object.keys(fields).length <= 8, 'Expected at most 8')
        .describe(
          'By the NAME of a line: `moment`, the first of which is when it last went well; `flag`; or `trouble`, a flag that somebody has to know of',
        ),
    })
    .describe('What the card tells home of how it went, with each heartbeat')
    .optional(),
  backup: z
    .strictObject({
      paths: z.array(ruled(refuseCardPath)).min(1).describe('Files and folders that hold what people made; restored with the units stopped'),
      before: ruled(refuseCardPath).describe('A program in files/ that makes them fit to be copied, such as a dump of a database').optional(),
    })
    .describe('What a backup must hold')
    .optional(),
  needs: z
    .strictObject({
      memory: size().default('0').describe('While it works, measured'),
      disk: size().default('0').describe('Beside its packages, at the start'),
    })
    .prefault({})
    .describe('What it takes of the card'),
  energy: bilingual.describe('What it costs in energy, and how to make it cost less').optional(),
});
export type Overlay = z.output<typeof overlaySchema>;
