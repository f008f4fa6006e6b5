import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compileTemplate } from '../../builder/seed/render.ts';
import { runCommand } from '../../kit/command.ts';

const render = (file: string, text: string, context: object) => compileTemplate(file, text)(context);

describe('compileTemplate()', () => {
  it('escapes every value for HTML, in text and in attributes', () => {
    const html = render('page.html.hbs', '<p title="{{a}}">{{a}}</p>', { a: `L'Herbier d'Émilie <&> "x"` });
    const escaped = 'L&#39;Herbier d&#39;Émilie &lt;&amp;&gt; &quot;x&quot;';
    expect(html).toBe(`<p title="${escaped}">${escaped}</p>`);
  });

  it('escapes once what a helper gives, and what stands in #each and #if', () => {
    const text = '{{#if (eq client.language "fr")}}oui{{else}}no{{/if}}{{#each (lines text)}}<p>{{this}}</p>{{/each}}';
    expect(render('page.html.hbs', text, { client: { language: 'fr' }, text: 'a & b\n\n c ' })).toBe('oui<p>a &amp; b</p><p>c</p>');
  });

  it.each([
    ['a variable', '{{nobody}}', 'nobody'],
    ['a part of a variable', '{{client.nobody}}', 'nobody'],
    ["a helper's argument", '{{#if (eq nobody "x")}}{{/if}}', 'nobody'],
    ['a condition', '{{#if nobody}}{{/if}}', 'nobody'],
    ['a loop', '{{#each nobody}}{{/each}}', 'nobody'],
    ['a helper', '{{shout client.name}}', 'shout'],
  ])('refuses an unknown name as %s, and says which', (_, text, name) => {
    expect(() => render('page.html.hbs', text, { client: { name: 'x' } })).toThrow(new RegExp(`Cannot render "page.html.hbs": .*${name}`));
  });

  it.each(['{{{client.name}}}', '{{&client.name}}', '{{> page}}', '{{#if'])(
    'refuses %s, which would go round the escaping or is no template',
    (text) => {
      expect(() => render('page.html.hbs', text, { client: { name: 'x' } })).toThrow('Cannot render "page.html.hbs"');
    },
  );

  it('reaches nothing of JavaScript through a name', () => {
    for (const name of ['constructor', '__proto__', 'client.constructor.name', 'lookup']) {
      expect(() => render('a.conf.hbs', `{{${name}}}`, { client: { name: 'x' } }), name).toThrow('Cannot render');
    }
  });

  it('gives YAML back the very text, whatever it is', () => {
    const template = compileTemplate('app.yaml.hbs', 'a: {{value}}\nb: 1\n');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(parse(template({ value }))).toEqual({ a: value, b: 1 });
      }),
    );
  });

  it('gives sh back the very text, and refuses what has a line break', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-render-'));
    try {
      const template = compileTemplate('site.env.hbs', 'VALUE={{value}}\n');
      const value = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text));
      const property = fc.asyncProperty(value, async (text) => {
        await writeFile(join(folder, 'env'), template({ value: text }));
        const printed = await runCommand(['sh', '-c', '. "$1"; printf %s "$VALUE"', 'sh', join(folder, 'env')]);
        expect(printed.toString('utf8')).toBe(text);
      });
      await fc.assert(property, { numRuns: 60 });
      expect(() => template({ value: 'a\nPATH=/tmp' })).toThrow('line break');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('lets no text out of a value in Lua', () => {
    const template = compileTemplate('app.cfg.lua.hbs', 'a = {{value}}\n');
    expect(template({ value: 'Chez "nous" \\' })).toBe('a = "Chez \\"nous\\" \\\\"\n');
    expect(() => template({ value: 'a\nos.exit()' })).toThrow('line break');
  });

  it('refuses a line break in a line-based file, which would add a setting of its own', () => {
    expect(() => render('vpn.conf.hbs', 'Address = {{a}}', { a: '::1\nPostUp = reboot' })).toThrow('line break');
  });
});
