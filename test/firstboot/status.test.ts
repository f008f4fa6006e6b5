import { appendFile, chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { removeMade } from '../seed/seed-key.ts';
import { BUSYBOX, type Card, DASH, SHELLS, type Shell } from './card.ts';
import { CODE, carryOutRequests, wellCard } from './well-card.ts';

afterAll(removeMade);

const HOST = 'durand.local:8480';

interface Answer {
  readonly status: string;
  readonly head: string;
  readonly body: string;
}

/** Through the very web server that the card has. */
async function ask(card: Card, request: string, headers: readonly string[], body = ''): Promise<Answer> {
  const input = [`${request} HTTP/1.1`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
  const argv = ['httpd', '-i', '-h', card.path('usr/lib/semeur/status'), '-c', '/dev/null'];
  const { stdout } = await execa('busybox', argv, { input, env: { ROOT: card.root } });
  const [head = '', ...rest] = stdout.split(/\r?\n\r?\n/);
  return { status: head.split(/\r?\n/)[0]?.split(' ')[1] ?? '', head, body: rest.join('\n\n') };
}

const page = async (card: Card) => (await ask(card, 'GET /', [`Host: ${HOST}`])).body;

async function send(card: Card, shell: Shell, form: Record<string, string>, headers = [`Host: ${HOST}`, `Origin: http://${HOST}`]): Promise<string> {
  const token = /name="token" value="([0-9a-f]+)"/.exec(await page(card))?.[1] ?? '';
  const answer = ask(card, 'POST /', headers, new URLSearchParams({ token, ...form }).toString());
  const stop = carryOutRequests(card, shell);
  const { status, head } = await answer.finally(stop);
  return `${status} ${/Location: (\S+)/.exec(head)?.[1] ?? ''}`.trim();
}

describe('the status page', () => {
  it('shows the state, the rights and the visits in French, in few bytes and no script', async () => {
    const card = await wellCard();
    const { status, head, body } = await ask(card, 'GET /', [`Host: ${HOST}`]);
    expect(status).toBe('200');
    expect(head).toContain("Content-Security-Policy: default-src 'none'");
    expect(body).toContain('<html lang="fr">');
    expect(body.match(/<h1>/g)).toHaveLength(1);
    expect(body).toContain('<h1>durand : <span class="done">tout va bien</span></h1>');
    expect(body).toMatch(/<li>16\/11\/2023 à \d\d h 00 : &lt;bob&gt;<\/li>\n<li>14\/11\/2023 .* : alice@racines<\/li>/);
    expect(body).not.toMatch(/<script|onclick|http:|https:/);
    const style = await readFile(card.path('usr/lib/semeur/status/style.css'));
    expect(Buffer.byteLength(body) + style.length).toBeLessThan(14 * 1024);
    expect((await ask(card, 'GET /style.css', [`Host: ${HOST}`])).status).toBe('200');
  });

  it('leads to the services, by the name that it was asked for, and says which does not answer', async () => {
    const card = await wellCard();
    await writeFile(
      card.path('usr/lib/semeur/profile/front.list'),
      'website\tsite\tSite web\tWebsite\ncalendar\tcalendar\tAgenda & contacts\tCalendar\n',
    );
    await writeFile(card.path('run/semeur/ill'), 'calendar\tno answer\n');
    await card.run(BUSYBOX, 'write-status');
    const body = await page(card);
    expect(body).toContain('<li><a href="//durand.local/site/">Site web</a></li>');
    expect(body).toContain('<li><a href="//durand.local/calendar/">Agenda &amp; contacts</a> : ne répond pas.');
  });

  it('speaks English to a client who does, and says what is wrong', async () => {
    const card = await wellCard({ language: 'en', withCode: false });
    await writeFile(card.path('run/semeur/state'), 'needs-help\n');
    await writeFile(card.path('run/semeur/told.en'), 'The card waits for <you>.\n');
    await card.run(DASH, 'write-status');
    const body = await page(card);
    expect(body).toContain('<h1>durand: <span class="needs-help">needs you</span></h1>');
    expect(body).toContain('<li>The card waits for &lt;you&gt;.</li>');
    expect(body).toContain('will come with your leaflet');
    expect(body).not.toContain('<form');
  });

  it.each(['evil.example', 'durand.evil.example', 'durand.local.evil.example:8480', ''])('has nothing to say to "%s"', async (host) => {
    expect((await ask(await wellCard(), 'GET /', [`Host: ${host}`])).status).toBe('421');
  });

  it.each(['durand', 'DURAND.local', 'durand-2.local', '192.168.1.20', '[fe80::1]:8480'])('answers to "%s"', async (host) => {
    expect((await ask(await wellCard(), 'GET /', [`Host: ${host}`])).status).toBe('200');
  });

  for (const shell of SHELLS) {
    it(`turns remote access off and on with the code, under ${shell.join(' ')}`, async () => {
      const card = await wellCard();
      expect(await send(card, shell, { want: 'off', code: ' ab12 cd34' })).toBe('303 /?said=off');
      expect(await card.read('var/lib/semeur/remote-access')).toBe('off\n');
      expect(await card.read('filter')).toContain('ip6 saddr fd5e:0:0:2::/64 drop');
      expect((await ask(card, 'GET /?said=off', [`Host: ${HOST}`])).body).toMatch(/role="status".*coupé/);
      expect(await page(card)).toContain('name="want" value="on"');
      expect(await send(card, shell, { want: 'on', code: CODE })).toBe('303 /?said=on');
      expect(await card.read('filter')).not.toContain('2::/64 drop');
    });

    it(`takes no wrong code, and none at all after five, under ${shell.join(' ')}`, async () => {
      const card = await wellCard();
      for (let tries = 0; tries < 5; tries++) expect(await send(card, shell, { want: 'off', code: 'AB12CD35' })).toBe('303 /?said=wrong-code');
      expect(await send(card, shell, { want: 'off', code: CODE })).toBe('303 /?said=too-often');
      await writeFile(card.path('proc/uptime'), '1000.00 1.00\n');
      expect(await send(card, shell, { want: 'off', code: CODE })).toBe('303 /?said=off');
    });
  }

  it('takes no form from elsewhere, without its token, or of another kind', async () => {
    const card = await wellCard();
    const form = { want: 'off', code: CODE };
    expect(await send(card, DASH, form, [`Host: ${HOST}`])).toBe('403');
    expect(await send(card, DASH, form, [`Host: ${HOST}`, 'Origin: http://evil.example'])).toBe('403');
    expect(await send(card, DASH, form, ['Host: evil.example', 'Origin: http://evil.example'])).toBe('421');
    expect(await send(card, DASH, { ...form, token: '0'.repeat(32) })).toBe('403');
    expect(await send(card, DASH, { ...form, want: 'reboot' })).toBe('400');
    expect(await send(card, DASH, { ...form, code: 'A'.repeat(2000) })).toBe('413');
    await expect(stat(card.path('var/lib/semeur/remote-access'))).rejects.toThrow('ENOENT');
  });
});

for (const shell of SHELLS) {
  describe(`switch under ${shell.join(' ')}`, () => {
    it('reads no file through a link, and takes the link away', async () => {
      const card = await wellCard();
      await writeFile(card.path('secret'), `id 0123456789abcdef\nwant off\ncode ${CODE}\n`);
      await symlink(card.path('secret'), card.path('run/semeur-web/request'));
      expect(await card.run(shell, 'switch')).toEqual({ exitCode: 0, output: '' });
      await expect(stat(card.path('run/semeur-web/request'))).rejects.toThrow('ENOENT');
      await expect(stat(card.path('var/lib/semeur/remote-access'))).rejects.toThrow('ENOENT');
      await stat(card.path('secret'));
    });
  });

  describe(`note-visits under ${shell.join(' ')}`, () => {
    it('keeps when which operator came in, and nothing else', async () => {
      const card = await wellCard();
      const lines = [
        '1795512830.123456 durand sshd-session[812]: Accepted publickey for root from fd5e:0:0:2::5 port 40000 ssh2: ED25519-CERT SHA256:abc ID carol@racines (serial 3) CA ED25519 SHA256:def',
        '1795512831.123456 durand sshd[813]: Accepted publickey for root from fd5e:0:0:2::5 port 40001 ssh2: ED25519 SHA256:abc',
        '1795512832.123456 durand sshd-session[814]: Invalid user x from fd5e:0:0:2::5 port 40002',
      ];
      await writeFile(card.path('fake-bin/journalctl'), `#!/bin/sh\ncat <<'END'\n${lines.join('\n')}\nEND\n`);
      await chmod(card.path('fake-bin/journalctl'), 0o755);
      expect(await card.run(shell, 'note-visits')).toEqual({ exitCode: 0, output: '' });
      expect(await card.read('var/lib/semeur/visits')).toBe('1700000000 alice@racines\n1700100000 <bob>\n1795512830 carol@racines\n');
    });

    it('sees after a restart what happened just before it, once', async () => {
      const card = await wellCard();
      // The stand-in does what journalctl(1) does: from the cursor on, and the cursor of the last line shown is kept.
      const journalctl = `#!/bin/sh
for given in "$@"; do case $given in --cursor-file=*) cursor=\${given#*=} ;; --boot) exit 1 ;; esac; done
tail -n +$(($(cat "$cursor" 2>/dev/null || echo 0) + 1)) '${card.path('journal')}'
wc -l <'${card.path('journal')}' >"$cursor"
`;
      await writeFile(card.path('fake-bin/journalctl'), journalctl);
      await chmod(card.path('fake-bin/journalctl'), 0o755);
      const visit = (at: number, who: string) =>
        `${at}.5 durand sshd-session[8]: Accepted publickey for root from fd5e::5 port 4 ssh2: ED25519-CERT SHA256:a ID ${who} (serial 3) CA ED25519 SHA256:d\n`;
      await writeFile(card.path('journal'), visit(1795512830, 'carol'));
      await card.run(shell, 'note-visits');
      await appendFile(card.path('journal'), visit(1795512890, 'dan'));
      await card.restart();
      await mkdir(card.path('run/semeur'), { recursive: true });
      for (let times = 0; times < 2; times++) await card.run(shell, 'note-visits');
      expect(await card.read('var/lib/semeur/visits')).toMatch(/\n1795512830 carol\n1795512890 dan\n$/);
    });
  });
}
