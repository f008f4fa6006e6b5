import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadWorkspace, readWorkspace } from '../../builder/workspace/load.ts';
import { findIn, VALID, withWorkspace } from './sample-workspace.ts';

const CLIENT = VALID['clients/durand.yaml'] ?? '';
const BAD_DOMAINS = [
  'ferme',
  'durand.local',
  '192.0.2.7',
  'https://a.example',
  'WWW.a.example',
  'a.example { }',
  'é.example',
  '-a.example',
  'a.example.',
];
const OVERLAY = VALID['overlays/blog/overlay.yaml'] ?? '';

describe('readWorkspace(), from one file to another', () => {
  it('refuses a host name that two clients have, stated or not', async () => {
    const files = {
      'clients/martin.yaml': 'client: martin\nname: M\nprofile: maison\nhostname: durand\n',
      'clients/zoe.yaml': 'client: zoe\nname: Z\nprofile: maison\nhostname: martin\n',
    };
    await withWorkspace(files, async (folder) => {
      expect(await findIn(folder)).toEqual(['clients/martin.yaml:4:11: error: Host name "durand" is taken by "clients/durand.yaml"']);
    });
  });

  it('refuses a domain that is none, and one that two clients have, whatever service asks for it', async () => {
    const client = (name: string, domain: string) => `client: ${name}\nname: N\nprofile: sites\nsettings:\n  website:\n    domain: ${domain}\n`;
    const files = {
      'profiles/sites.yaml': 'profile: sites\nbase: debian-arm64\nboards: [pi4]\nservices: [website]\n',
      'clients/a.yaml': client('a', 'www.ferme.example'),
      'clients/b.yaml': client('b', 'www.ferme.example'),
      'clients/c.yaml': client('c', '""'),
      'clients/d.yaml': client('d', '""'),
      ...Object.fromEntries(BAD_DOMAINS.map((domain, index) => [`clients/bad-${index}.yaml`, client(`bad-${index}`, JSON.stringify(domain))])),
    };
    await withWorkspace(files, async (folder) => {
      expect(await findIn(folder)).toEqual([
        'clients/b.yaml:6:13: error: Domain "www.ferme.example" is taken by "clients/a.yaml"',
        ...BAD_DOMAINS.map((_, index) => `clients/bad-${index}.yaml:6:13: error: Expected the full name of a site, in small letters`),
      ]);
    });
  });

  it('refuses a setting that does nothing without another, until that one is said', async () => {
    const client = (name: string, settings: string) => `client: ${name}\nname: N\nprofile: sites\nsettings:\n  website:\n${settings}`;
    const files = {
      'profiles/sites.yaml': 'profile: sites\nbase: debian-arm64\nboards: [pi4]\nservices: [website]\n',
      'clients/a.yaml': client('a', '    direct: on\n'),
      'clients/b.yaml': client('b', '    domain: ""\n    direct: on\n'),
      'clients/c.yaml': client('c', '    domain: www.ferme.example\n    direct: on\n'),
      'clients/d.yaml': client('d', '    direct: off\n'),
      'clients/e.yaml': client('e', '    direct: yes\n'),
    };
    await withWorkspace(files, async (folder) => {
      expect(await findIn(folder)).toEqual([
        'clients/a.yaml:6:13: error: "direct" does nothing without "domain"',
        'clients/b.yaml:7:13: error: "direct" does nothing without "domain"',
        'clients/e.yaml:6:13: error: Expected one of "on", "off"',
      ]);
      const { findings } = await readWorkspace(folder);
      expect(findings[0]?.hint).toBe('Say "domain" too, or take "direct" away');
    });
  });

  it('refuses a client that two files describe', async () => {
    await withWorkspace({ 'clients/durant.yaml': CLIENT }, async (folder) => {
      expect(await findIn(folder)).toEqual([
        'clients/durant.yaml:1:9: error: Client "durand" is taken by "clients/durand.yaml"',
        'clients/durant.yaml:1:9: error: Expected the name of the file "durant.yaml"',
        'clients/durant.yaml:1:9: error: Host name "durand" is taken by "clients/durand.yaml"',
      ]);
    });
  });

  it('refuses two services of a profile that write the same file', async () => {
    const files = {
      'overlays/wiki/overlay.yaml': OVERLAY.replace('overlay: blog', 'overlay: wiki').replace(/files:\n.*\n/, ''),
      'overlays/wiki/page.hbs': '',
      'profiles/maison.yaml': 'profile: maison\nbase: debian-arm64\nboards: [pi4]\nservices: [blog, wiki]\n',
      'profiles/wiki.yaml': 'profile: wiki\nbase: debian-arm64\nboards: [pi4]\nservices: [wiki]\n',
    };
    await withWorkspace(files, async (folder) => {
      expect(await findIn(folder)).toEqual(['profiles/maison.yaml:4:18: error: Services "blog" and "wiki" both write "/etc/blog/page.html"']);
    });
  });

  it('refuses two services of a profile at one port, or at one place of the front door', async () => {
    const more = 'front: journal\nports: [{ port: 7000, reach: lan }]\n';
    const bare = OVERLAY.replace(/(templates|files):\n.*\n/g, '');
    const files = {
      'overlays/blog/overlay.yaml': `${OVERLAY}${more}`,
      'overlays/blog/files/etc/caddy/semeur.d/blog.caddy': '',
      'overlays/wiki/overlay.yaml': `${bare.replace('overlay: blog', 'overlay: wiki')}${more}`,
      'overlays/wiki/files/etc/caddy/semeur.d/wiki.caddy': '',
      'profiles/maison.yaml': 'profile: maison\nbase: debian-arm64\nboards: [pi4]\nservices: [blog, wiki]\n',
    };
    await withWorkspace(files, async (folder) => {
      expect(await findIn(folder)).toEqual([
        'profiles/maison.yaml:4:18: error: Services "blog" and "wiki" both answer at "/journal/" of the front door',
        'profiles/maison.yaml:4:18: error: Services "blog" and "wiki" both listen at port 7000 (tcp)',
      ]);
    });
  });

  it('refuses a board that has too little memory for the services', async () => {
    const files = {
      'overlays/blog/overlay.yaml': `${OVERLAY}needs: { memory: 300MiB }\n`,
      'profiles/maison.yaml': 'profile: maison\nbase: raspios-lite-arm64\nboards: [pi4, zero2w]\nservices: [blog]\n',
    };
    await withWorkspace(files, async (folder) => {
      expect(await findIn(folder)).toEqual(['profiles/maison.yaml:3:15: error: The services need 556.0 MiB of memory, a zero2w has 512.0 MiB']);
    });
  });

  it('refuses an overlay that has the name of a shipped one, one without its file, and a file that ends with .yml', async () => {
    const files = {
      'overlays/website/overlay.yaml': OVERLAY.replace('overlay: blog', 'overlay: website').replace(/(templates|files):\n.*\n/g, ''),
      'overlays/empty/page.hbs': '',
      'clients/martin.yml': '',
    };
    await withWorkspace(files, async (folder) => {
      expect(await findIn(folder)).toEqual([
        'clients/martin.yml:1:1: error: Expected a name that ends with ".yaml"',
        'overlays/empty/overlay.yaml:1:1: error: Cannot open this file: there is none',
        'overlays/website/overlay.yaml:1:10: error: Semeur has an overlay "website" already',
      ]);
    });
  });

  it('fills in what a client leaves out', async () => {
    await withWorkspace({}, async (folder) => {
      const { clients, overlays } = await loadWorkspace(folder);
      expect(clients.get('durand')).toMatchObject({ hostname: 'durand', language: 'fr', timezone: 'Europe/Paris' });
      expect(overlays.get('blog')).toMatchObject({ folder: join(folder, 'overlays/blog'), templates: [{ mode: '0644', owner: 'root:root' }] });
      expect(overlays.get('card')?.units.mask).toContain('apt-daily.timer');
    });
  });
});

describe('readWorkspace(), on the files of an overlay', () => {
  it('refuses pipes, links that climb out of the card, and paths where nothing can be laid', async () => {
    await withWorkspace({ 'overlays/blog/files/lib/a': '', 'overlays/blog/files/run/b': '' }, async (folder) => {
      const files = join(folder, 'overlays/blog/files');
      execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(files, 'usr/bin/pipe')]);
      await symlink('../../../etc/passwd', join(files, 'usr/bin/out'));
      await symlink('../../etc/passwd', join(files, 'usr/bin/in'));
      await symlink('/etc/../../passwd', join(files, 'usr/bin/over'));
      expect(await findIn(folder)).toEqual([
        'overlays/blog/files/lib/a:1:1: error: Cannot write below "/lib": it is a link',
        'overlays/blog/files/run/b:1:1: error: Cannot write below "/run": something else is mounted there when the card runs',
        'overlays/blog/files/usr/bin/out:1:1: error: Cannot link to "../../../etc/passwd": it climbs above the card\'s root',
        'overlays/blog/files/usr/bin/over:1:1: error: Cannot link to "/etc/../../passwd": it climbs above the card\'s root',
        'overlays/blog/files/usr/bin/pipe:1:1: error: Expected a file, a folder or a link',
      ]);
    });
  });

  it('refuses a template that links out of the overlay, or is a folder', async () => {
    await withWorkspace({ 'outside.hbs': '' }, async (folder) => {
      const template = join(folder, 'overlays/blog/page.hbs');
      await rm(template);
      await symlink('../../outside.hbs', template);
      expect(await findIn(folder)).toEqual([
        'overlays/blog/overlay.yaml:7:13: error: Cannot take the template "page.hbs": it links out of the overlay',
      ]);
      await rm(template);
      await mkdir(template);
      expect(await findIn(folder)).toEqual(['overlays/blog/overlay.yaml:7:13: error: Cannot take the template "page.hbs": it is no file']);
    });
  });
});

describe('readWorkspace(), on secrets', () => {
  it('refuses secrets that others can read, and says what to type', async () => {
    await withWorkspace({ "secrets/it's": 'x', 'secrets/seed_key.pub': 'public' }, async (folder) => {
      await chmod(join(folder, 'secrets'), 0o700);
      await chmod(join(folder, "secrets/it's"), 0o640);
      const { findings } = await readWorkspace(folder);
      expect(findings).toMatchObject([{ file: "secrets/it's", level: 'error', message: 'Others on this machine can read this secret' }]);
      execFileSync('sh', ['-c', findings[0]?.hint?.replace('Type: ', '') ?? '']);
      expect(await findIn(folder)).toEqual([]);
      await chmod(join(folder, 'secrets'), 0o755);
      expect(await findIn(folder)).toEqual(['secrets:1:1: error: Others on this machine can read this secret']);
    });
  });

  it.each([
    ['/secrets/\nout\n', []],
    ['secrets/*\n/out/**\n', []],
    ['secrets-of-others/\n/out/\n', ['secrets']],
    ['/secrets/\n!/secrets/\n/out/\n', ['secrets']],
    ['', ['out', 'secrets']],
  ])('warns when git sees them: %j', async (gitignore, seen) => {
    await withWorkspace({ '.gitignore': gitignore }, async (folder) => {
      const { findings, workspace } = await readWorkspace(folder);
      expect(findings.map(({ level, message }) => `${level}: ${message}`)).toEqual(
        seen.map((name) => `warning: Git does not ignore "${name}/", which holds secrets`),
      );
      expect(workspace).toBeDefined();
    });
  });
});

describe('loadWorkspace()', () => {
  it('throws a Failure that lists every error', async () => {
    await withWorkspace({ 'clients/durand.yaml': CLIENT.replace('maison', 'maisn').replace('title', 'titel') }, async (folder) => {
      await writeFile(join(folder, 'profiles/maison.yaml'), 'profile: maison\n');
      await expect(loadWorkspace(folder)).rejects.toMatchObject({
        name: 'Failure',
        exitCode: 2,
        message: expect.stringMatching(
          /durand\.yaml:3:10: error: .*\n {2}→ Did you mean "maison"\?\nprofiles\/maison\.yaml:1:1: error: Missing key "base"/,
        ),
      });
    });
  });
});
