import { type Html, html, NOTHING } from '../../web/html.ts';
import type { Language } from '../../web/language.ts';
import type { Words } from './words-en.ts';

/** What every page is made with. */
export interface Visit {
  readonly language: Language;
  readonly words: Words;
  /** The path of this page, with its query but for the language. */
  readonly path: string;
  readonly now: number;
  /** The forms' token: see sessions.ts. */
  readonly formToken: string;
  /** Who is logged in. */
  readonly operator: string | undefined;
  /** The style sheet's path. */
  readonly style: string;
}

/** A whole document. The skip link goes first, so that a keyboard gets past what all pages have. */
export function renderPage(visit: Visit, title: string, content: Html): string {
  const { language, words, style } = visit;
  return html`<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Semeur</title>
<link rel="stylesheet" href="${style}">
<body>
<a class="skip" href="#main">${words.skip}</a>
<header>
<p><a href="/">Semeur</a></p>
${otherLanguage(visit)}
${visit.operator === undefined ? NOTHING : logOut(visit, visit.operator)}
</header>
<main id="main" tabindex="-1">
${content}
</main>
</body>
</html>
`.text;
}

function otherLanguage({ words, path }: Visit): Html {
  const { code, name } = words.other;
  return html`<p><a href="${path}${path.includes('?') ? '&' : '?'}language=${code}" hreflang="${code}" lang="${code}">${name}</a></p>`;
}

function logOut({ words, formToken }: Visit, operator: string): Html {
  return html`<form method="post" action="/log-out">
<input type="hidden" name="token" value="${formToken}">
${words.who} ${operator} <button>${words.logOut}</button>
</form>`;
}
