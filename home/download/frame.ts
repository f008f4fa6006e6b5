import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepSpaces } from '../../web/french-spaces.ts';
import { type Html, html } from '../../web/html.ts';
import type { Visit } from './visit.ts';

/** Comments and line breaks are for those who read the file. */
const STYLE = readFileSync(join(import.meta.dirname, 'style.css'), 'utf8')
  .replaceAll(/\/\*.*?\*\//gs, '')
  .replaceAll(/\s+/g, ' ')
  .trim();

/** For a page of its own, with its style in it: nothing else is fetched, and nothing else may be. */
export const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function renderDocument({ language, words, other }: Visit, title: string, content: Html): string {
  const { code, name } = words.other;
  const body = html`<body>
<header><a href="${other}" hreflang="${code}" lang="${code}">${name}</a></header>
<main>
${content}
</main>
</body>
</html>
`.text;
  // The style needs no escaping: it is our own file.
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>`.text
    .concat(STYLE, '</style>\n</head>\n')
    .concat(keepSpaces(language, body));
}
