/** Where a value lands, which says what could break out of it there. */
export type Destination = 'html' | 'yaml' | 'shell' | 'lua' | 'line';

const BY_EXTENSION: Readonly<Record<string, Destination>> = {
  html: 'html',
  xml: 'html',
  svg: 'html',
  yaml: 'yaml',
  yml: 'yaml',
  json: 'yaml',
  toml: 'yaml',
  sh: 'shell',
  env: 'shell',
  lua: 'lua',
};

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** From a template's name: "page.html.hbs" is HTML; what has no rule of its own (ini, conf, txt) takes one line of text as it is. */
export function destinationOf(name: string): Destination {
  const extension =
    name
      .replace(/\.hbs$/, '')
      .split('.')
      .pop() ?? '';
  return BY_EXTENSION[extension] ?? 'line';
}

/**
 * - html: text or a quoted attribute.
 * - yaml, json, toml: a whole value, quoted here: write `key: {{value}}`.
 * - shell, env files: a whole word, quoted here: write `KEY={{value}}`.
 * - lua: a whole value, quoted here: write `key = {{value}}`.
 * - line: as it is, refused when it has a line break or another control character, which could add a setting of its own.
 * @throws {RangeError} when the value can't stand there in any form.
 */
export function escapeFor(destination: Destination, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new RangeError(
      `a value is ${value === null ? 'empty' : Array.isArray(value) ? 'a list' : `of type ${typeof value}`}, where text is wanted`,
    );
  }
  const text = String(value);
  if (text.includes('\0')) throw new RangeError('a value has a zero byte');
  switch (destination) {
    case 'html':
      return text.replace(/[&<>"']/g, (character) => HTML[character] ?? character);
    case 'yaml':
      return JSON.stringify(text).replace(
        /[\u007f-\u009f\u2028\u2029]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    case 'shell':
      if (hasControl(text)) throw new RangeError('a value has a line break or a control character');
      // Double quotes: sh and systemd's EnvironmentFile= read these four escapes alike, and only these.
      return `"${text.replace(/["\\$`]/g, (character) => `\\${character}`)}"`;
    case 'lua':
      if (hasControl(text)) throw new RangeError('a value has a line break or a control character');
      return `"${text.replace(/["\\]/g, '\\$&')}"`;
    case 'line':
      if (hasControl(text)) throw new RangeError('a value has a line break or a control character');
      return text;
  }
}

function hasControl(text: string): boolean {
  return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}
