import { describe, expect, it } from 'vitest';
import { readWorkspace } from '../../builder/workspace/load.ts';
import { findIn, VALID, withWorkspace } from './sample-workspace.ts';

const OPERATOR = 'semeur.yaml';
const PROFILE = 'profiles/maison.yaml';
const CLIENT = 'clients/durand.yaml';
const OVERLAY = 'overlays/blog/overlay.yaml';

/** A file of the valid workspace with one thing changed: what to find, and how. */
type Row = readonly [title: string, file: string, from: string, to: string, found: readonly string[]];

const ROWS: readonly Row[] = [
  [
    'invalid-yaml',
    CLIENT,
    'name: Famille',
    'name: @Famille',
    ['2:7: error: Cannot read this as YAML: plain value cannot start with reserved character @'],
  ],
  ['invalid-tab', CLIENT, '  blog:', '\tblog:', ['5:1: error: Cannot read this as YAML: tabs are not allowed as indentation']],
  ['invalid-two-documents', PROFILE, 'services', '---\nservices', ['4:1: error: Expected one document, found another after "---"']],
  ['invalid-duplicate-key', CLIENT, 'profile: maison', 'profile: maison\nprofile: maison', ['4:1: error: This key stands twice']],
  ['invalid-unknown-key', CLIENT, 'profile:', 'colour: blue\nprofile:', ['3:1: error: Unknown key "colour"']],
  ['invalid-misspelt-required-key', CLIENT, 'profile:', 'porfile:', ['3:1: error: Unknown key "porfile"']],
  ['invalid-misspelt-inner-key', OPERATOR, 'endpoints', 'endpoint', ['7:3: error: Unknown key "endpoint"']],
  ['invalid-missing-key', CLIENT, 'name: Famille Durand\n', '', ['1:1: error: Missing key "name"']],
  ['invalid-missing-inner-key', OPERATOR, '  url: https://home.racines.example', '  {}', ['9:3: error: Missing key "url"']],
  ['invalid-empty-value', CLIENT, 'Famille Durand', '', ['2:1: error: Expected text, found nothing']],
  ['invalid-number', CLIENT, 'Famille Durand', '12', ['2:7: error: Expected text, found a number']],
  ['invalid-boolean', CLIENT, 'title: Bonjour', 'title: true', ['6:12: error: Expected text, found a boolean']],
  ['invalid-not-a-list', PROFILE, '[pi3, pi4]', 'pi3', ['3:9: error: Expected a list, found text']],
  ['invalid-list', PROFILE, 'maison', '[maison]', ['1:10: error: Expected text, found a list']],
  ['invalid-no-map', CLIENT, VALID[CLIENT] ?? '', 'hello\n', ['1:1: error: Expected keys and values, found text']],
  ['invalid-empty-file', CLIENT, VALID[CLIENT] ?? '', '', ['1:1: error: Expected keys and values, found nothing']],
  ['invalid-mode-number', OVERLAY, '"0755"', '0755', ['9:34: error: Expected text, found a number']],

  ['invalid-operator-lines', OPERATOR, 'Les Racines', '"Les\\nRacines"', ['1:11: error: Expected one line, found line breaks or control characters']],
  ['invalid-email', OPERATOR, 'aide@racines.example', 'aide', ['2:8: error: Expected an address such as "help@co-op.example"']],
  ['invalid-language', OPERATOR, 'fr', 'frr', ['3:11: error: Expected "fr" or "en"']],
  ['invalid-time-zone', OPERATOR, 'Europe/Paris', 'Europe/Pari', ['4:11: error: Expected a time zone']],
  ['invalid-time-zone-offset', OPERATOR, 'Europe/Paris', '"+01:00"', ['4:11: error: Expected a time zone']],
  [
    'invalid-prefix-public',
    OPERATOR,
    'fd5e:3e0f:1a2b::/48',
    '2001:db8::/48',
    ['6:11: error: Expected a private IPv6 network, as "fdXX:XXXX:XXXX::/48" in small letters'],
  ],
  ['invalid-prefix-length', OPERATOR, '::/48', '::/64', ['6:11: error: Expected a private IPv6 network, as "fdXX:XXXX:XXXX::/48" in small letters']],
  ['invalid-endpoint-port', OPERATOR, ':443', ':70000', ['7:44: error: Expected "host:port", with a port from 1 to 65535']],
  ['invalid-endpoint-address', OPERATOR, '192.0.2.10', '192.0.2', ['7:44: error: Expected "host:port", with the name or the address of a host']],
  ['invalid-endpoint-none', OPERATOR, '["vpn.racines.example:51820", "192.0.2.10:443"]', '[]', ['7:14: error: Expected at least 1 in the list']],
  ['invalid-url-http', OPERATOR, 'https:', 'http:', ['9:8: error: Expected an https address with no path']],
  ['invalid-url-path', OPERATOR, 'home.racines.example', 'home.racines.example/a', ['9:8: error: Expected an https address with no path']],

  ['invalid-profile-name', PROFILE, 'profile: maison', 'profile: chalet', ['1:10: error: Expected the name of the file "maison.yaml"']],
  ['invalid-base', PROFILE, 'debian-arm64', 'debian-arm46', ['2:7: error: Expected "debian-arm64" or "raspios-lite-arm64"']],
  ['invalid-board', PROFILE, 'pi4', 'pi44', ['3:15: error: Expected "pi3" or "pi4" or "pi5" or "zero2w"']],
  ['invalid-board-for-base', PROFILE, 'pi4', 'pi5', ['3:15: error: Cannot run "debian-arm64" on "pi5"']],
  ['invalid-service', PROFILE, 'blog', 'blog, webiste', ['4:18: error: Unknown service "webiste"']],
  ['invalid-service-twice', PROFILE, 'blog', 'blog, blog', ['4:18: error: Service "blog" stands twice']],
  ['invalid-service-built-in', PROFILE, 'blog', 'blog, card', ['4:18: error: Every card has "card" by itself']],
  ['invalid-package', PROFILE, 'services', 'packages: [Vim]\nservices', ['4:12: error: Expected the name of a Debian package']],
  ['invalid-reserve', PROFILE, 'services', 'reserve: much\nservices', ['4:10: error: Expected a size']],

  ['invalid-client-name', CLIENT, 'client: durand', 'client: martin', ['1:9: error: Expected the name of the file "durand.yaml"']],
  [
    'invalid-client-accent',
    CLIENT,
    'client: durand',
    'client: émilie',
    ['1:9: error: Expected a name of at most 32 small letters, digits and hyphens, with no accent and no hyphen at its ends'],
  ],
  [
    'invalid-host-name',
    CLIENT,
    'profile:',
    'hostname: Chez_Durand\nprofile:',
    ['3:11: error: Expected a host name: small letters, digits and hyphens, no hyphen at its ends, at most 63 characters'],
  ],
  [
    'invalid-host-name-length',
    CLIENT,
    'profile:',
    `hostname: ${'a'.repeat(64)}\nprofile:`,
    ['3:11: error: Expected a host name: small letters, digits and hyphens, no hyphen at its ends, at most 63 characters; found 64'],
  ],
  ['invalid-client-profile', CLIENT, 'profile: maison', 'profile: maisn', ['3:10: error: Unknown profile "maisn"']],
  ['invalid-settings-service', CLIENT, '  blog:', '  blgo:', ['5:3: error: Profile "maison" has no service "blgo"']],
  ['invalid-settings-key', CLIENT, 'title:', 'titel:', ['6:5: error: Unknown setting "titel"']],
  ['invalid-settings-length', CLIENT, 'Bonjour', 'é'.repeat(21), ['6:12: error: Expected at most 20 characters, found 21']],
  ['invalid-settings-control', CLIENT, 'Bonjour', '"a\\0b"', ['6:12: error: Expected no control characters but tabs and line breaks']],
  [
    'invalid-wifi-password',
    CLIENT,
    'profile:',
    'wifi: { ssid: Box, password: court, country: FR }\nprofile:',
    ['3:30: error: Expected a Wi-Fi password of 8 to 63 characters, found 5'],
  ],
  [
    'invalid-wifi-country',
    CLIENT,
    'profile:',
    'wifi: { ssid: Box, password: "12345678", country: fr }\nprofile:',
    ['3:51: error: Expected two capital letters, such as "FR"'],
  ],

  ['invalid-overlay-name', OVERLAY, 'overlay: blog', 'overlay: blgo', ['1:10: error: Expected the name of the folder "blog"']],
  ['invalid-setting-default', OVERLAY, 'default: ""', `default: "${'a'.repeat(21)}"`, ['5:54: error: Expected at most 20 characters, found 21']],
  ['invalid-setting-choice', OVERLAY, 'max: 20', 'choices: ["on", "off"]', ['5:54: error: Expected one of "on", "off"']],
  ['invalid-setting-requires', OVERLAY, 'max: 20', 'requires: tilte', ['5:68: error: Unknown setting "tilte"']],
  ['invalid-setting-form', OVERLAY, 'max: 20', 'pattern: "[a-z]+"', ['5:54: error: Expected what is asked: Title']],
  ['invalid-setting-pattern', OVERLAY, 'max: 20', 'pattern: "("', ['5:67: error: Expected a regular expression, as JavaScript reads them']],
  [
    'invalid-setting-name',
    OVERLAY,
    '  title: { title',
    '  Title: { title',
    ['5:3: error: Expected a key that begins with a small letter, then letters, digits or "_"'],
  ],
  ['invalid-template-missing', OVERLAY, 'page.hbs', 'pgae.hbs', ['7:13: error: Cannot find the template "pgae.hbs" beside this file']],
  ['invalid-template-outside', OVERLAY, 'page.hbs', '../page.hbs', ['7:13: error: Expected the path of a template inside the overlay']],
  ['invalid-template-relative', OVERLAY, '/etc/blog', 'etc/blog', ['7:27: error: Expected an absolute path on the card']],
  [
    'invalid-template-dots',
    OVERLAY,
    '/etc/blog',
    '/etc/../blog',
    ['7:27: error: Expected the path of a file, with no "..", ".", "//", or "/" at its end'],
  ],
  [
    'invalid-template-long',
    OVERLAY,
    '/etc/blog',
    `/etc/${'b'.repeat(90)}`,
    ['7:27: error: Expected a path of at most 92 characters, as seeds take; found 105'],
  ],
  [
    'invalid-template-characters',
    OVERLAY,
    '/etc/blog/page',
    '/etc/blog/pagé',
    ['7:27: error: Expected a path of unaccented letters, digits and ". _ @ / -", as seeds take'],
  ],
  [
    'invalid-template-hidden',
    OVERLAY,
    '/etc/blog',
    '/run/blog',
    ['7:27: error: Cannot write below "/run": something else is mounted there when the card runs'],
  ],
  ['invalid-template-merged', OVERLAY, '/etc/blog', '/lib/blog', ['7:27: error: Cannot write below "/lib": it is a link']],
  [
    'invalid-template-twice',
    OVERLAY,
    'files:',
    '  - { from: page.hbs, to: /etc/blog/page.html }\nfiles:',
    ['8:27: error: Two templates write "/etc/blog/page.html"'],
  ],
  ['invalid-template-root', OVERLAY, '/etc/blog', '/etc/semeur', [`7:27: error: Only root reads what is in "/etc/semeur"`]],
  [
    'invalid-template-mode',
    OVERLAY,
    'page.html }',
    'page.html, mode: "644" }',
    ['7:54: error: Expected a mode of four octal digits in quotes, such as "0644"'],
  ],
  ['invalid-owner', OVERLAY, '"0755"', '"0755", owner: root', ['9:49: error: Expected a user and a group, such as "root:root"']],
  ['invalid-file-missing', OVERLAY, '/usr/bin/blog', '/usr/bin/blgo', ['9:13: error: Cannot find the file "files/usr/bin/blgo" beside this file']],
  ['invalid-unit', OVERLAY, 'blog.service', 'blog', ['11:12: error: Expected the name of a systemd unit, such as "caddy.service"']],
  [
    'invalid-unit-masked',
    OVERLAY,
    '[blog.service]',
    '[blog.service]\n  mask: [blog.service]',
    ['12:10: error: Unit "blog.service" is also switched on'],
  ],
  ['invalid-port', OVERLAY, 'units:', 'ports: [{ port: 70000, reach: lan }]\nunits:', ['10:17: error: Expected at most 65535']],
  ['invalid-front', OVERLAY, 'units:', 'front: blog\nunits:', ['10:8: error: Cannot find "files/etc/caddy/semeur.d/blog.caddy" beside this file']],
  [
    'invalid-health-missing',
    OVERLAY,
    'units:',
    'health: /usr/bin/look\nunits:',
    ['10:9: error: Cannot find the program "files/usr/bin/look" beside this file'],
  ],
  ['invalid-health-no-program', OVERLAY, 'units:', 'health: /usr/bin/blog\nunits:', ['10:9: error: "files/usr/bin/blog" is no program']],
  ['invalid-backup', OVERLAY, 'units:', 'backup: { paths: [] }\nunits:', ['10:18: error: Expected at least 1 in the list']],
];

describe('readWorkspace()', () => {
  it('finds nothing in a valid workspace', () => withWorkspace({}, async (folder) => expect(await findIn(folder)).toEqual([])));

  it.each(ROWS)('points at what is wrong: %s', async (_, file, from, to, found) => {
    const text = VALID[file] ?? '';
    expect(text).toContain(from);
    await withWorkspace({ [file]: text.replace(from, () => to) }, async (folder) => {
      const findings = await findIn(folder);
      expect(findings.filter((finding) => finding.startsWith(`${file}:`))).toEqual(found.map((finding) => `${file}:${finding}`));
    });
  });

  it('finds everything at once, in the order of files and lines', async () => {
    const files = {
      'semeur.yaml': `${VALID[OPERATOR]?.replace('fr', 'de').replace('https', 'http')}nickname: x\n`,
      'clients/durand.yaml': 'client: durnad\nname: 3\nprofile: maisom\nhostname: _\n',
      'profiles/maison.yaml': 'profile: maison\nbase: debian-arm64\nboards: [pi5]\nservices: [blog, 7]\n',
    };
    await withWorkspace(files, async (folder) => {
      const places = (await findIn(folder)).map((finding) => finding.split(': ')[0]);
      expect(places).toEqual([
        ...['clients/durand.yaml:1:9', 'clients/durand.yaml:2:7', 'clients/durand.yaml:3:10', 'clients/durand.yaml:4:11'],
        ...['profiles/maison.yaml:3:10', 'profiles/maison.yaml:4:18'],
        ...['semeur.yaml:3:11', 'semeur.yaml:9:8', 'semeur.yaml:10:1'],
      ]);
    });
  });

  it('never repeats a password', async () => {
    for (const password of ['12345678', 'true', '[12345678]', '*12345678', '12345678é', '@12345678', '12345678: x']) {
      await withWorkspace(
        { 'clients/durand.yaml': `${VALID[CLIENT]}wifi:\n  ssid: Box\n  password: ${password}\n  country: FR\n` },
        async (folder) => {
          const { findings } = await readWorkspace(folder);
          expect(findings.length).toBeGreaterThan(0);
          expect(JSON.stringify(findings)).not.toContain('12345678');
        },
      );
    }
  });

  it.each([
    ['profile: maison', 'porfile: maison', 'Did you mean "profile"?'],
    ['profile: maison', 'profile: masion', 'Did you mean "maison"?'],
    ['profile: maison', 'profile: zzz', 'There are: maison'],
    ['  blog:', '  blg:', 'Did you mean "blog"?'],
    ['title:', 'titel:', 'Did you mean "title"?'],
    ['profile:', 'language: eng\nprofile:', 'Did you mean "en"?'],
    ['profile:', 'timezone: europe/paris\nprofile:', 'Did you mean "Europe/Paris"?'],
    ['Famille Durand', '33', 'Put it in quotes'],
  ])('says what was meant: %s → %s', async (from, to, hint) => {
    await withWorkspace({ [CLIENT]: (VALID[CLIENT] ?? '').replace(from, to) }, async (folder) => {
      const { findings, workspace } = await readWorkspace(folder);
      expect(workspace).toBeUndefined();
      expect(findings.map((finding) => finding.hint)).toEqual([hint]);
    });
  });
});
