import { type Html, html, NOTHING } from '../../web/html.ts';
import type { Visit } from './frame.ts';

/** @param said why the last attempt failed. */
export function renderLogIn({ words, formToken }: Visit, said?: string): Html {
  return html`<h1>${words.logIn}</h1>
${said === undefined ? NOTHING : html`<p role="alert">${said}</p>`}
<form class="log-in" method="post" action="/log-in">
<input type="hidden" name="token" value="${formToken}">
<p><label for="name">${words.name}</label> <input id="name" name="name" required maxlength="64" autocomplete="username" autocapitalize="none" spellcheck="false">
<p><label for="password">${words.password}</label> <input id="password" name="password" type="password" required maxlength="256" autocomplete="current-password">
<p><button>${words.logIn}</button>
</form>`;
}
