import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepSpaces } from '../../web/french-spaces.ts';
import { type Html, html, NOTHING } from '../../web/html.ts';
import { PICTURES } from '../../web/pictures.ts';
import { drawQrCode } from './qr-code.ts';
import { ENGLISH, type Words } from './words-en.ts';
import { FRENCH } from './words-fr.ts';

const WORDS = { en: ENGLISH, fr: FRENCH } as const;
const STYLE = readFileSync(join(import.meta.dirname, 'leaflet.css'), 'utf8');

export interface Leaflet {
  readonly language: 'fr' | 'en';
  readonly large: boolean;
  /** Whether their computer has the light that tells how the card is. */
  readonly hasLight: boolean;
  /** The client's, as people read it. */
  readonly name: string;
  /** Where the operators reach them. */
  readonly phone?: string | undefined;
  readonly hostname: string;
  readonly contact: { readonly operator: string; readonly email: string; readonly phone?: string | undefined };
  /** The download page's address; without it the sheet shows the way to the card's own page. */
  readonly link?: string | undefined;
  /** In the sheet's language. */
  readonly services: readonly string[];
  readonly secrets: {
    readonly code: string;
    readonly account: string;
    readonly password: string;
    /** Others who have an account, of one service alone; the title says which, in the sheet's language. */
    readonly people: readonly { readonly title: string; readonly name: string; readonly password: string }[];
    readonly backupKey: string;
  };
}

/** One sheet of A4 as an HTML document with everything in it: nothing is fetched when it is opened, and no secret leaves it. */
export function renderLeaflet(leaflet: Leaflet): string {
  const { language, large, hasLight, name, phone, contact, services, secrets } = leaflet;
  const words = WORDS[language];
  const body = html`<main>
${renderTop(leaflet, words)}
<section><h2>${words.steps}</h2>
<ol>
<li>${PICTURES.fetch(words.fetchPicture)}${words.fetch}</li>
<li>${PICTURES.write(words.writePicture)}${words.write}</li>
<li>${PICTURES.plug(words.plugPicture)}${words.plug}</li>
</ol></section>
${hasLight ? renderLights(words) : NOTHING}
<section><h2>${words.rights(contact.operator)}</h2>
<ul>${words.may.map((line) => html`<li>${line}</li>`)}</ul>
<p>${words.mayNot(pageOf(leaflet))}</p></section>
${services.length === 0 ? NOTHING : html`<section><h2>${words.services}</h2><p>${services.join(', ')}.</p></section>`}
<section><h2>${words.help}</h2><p>${[contact.operator, contact.phone, contact.email].filter((part) => part !== undefined).join(', ')}</p>${phone === undefined ? NOTHING : html`<p>${words.reach(phone)}</p>`}</section>
${renderSecrets(secrets, words)}
</main>`.text;
  // The style needs no escaping: it is our own file.
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${words.title(name)}</title>
<style>`.text
    .concat(STYLE, `</style>\n</head>\n<body${large ? ' class="large"' : ''}>\n`)
    .concat(keepSpaces(language, body), '\n</body>\n</html>\n');
}

function pageOf({ hostname }: Leaflet): string {
  return `http://${hostname}.local`;
}

function renderTop(leaflet: Leaflet, words: Words): Html {
  const { name, contact, link } = leaflet;
  const target = link ?? `${pageOf(leaflet)}/`;
  return html`<div class="top">
<div><h1>${words.title(name)}</h1>
<p>${words.intro(contact.operator)}</p></div>
<figure>${drawQrCode(target)}<figcaption>${link === undefined ? words.scanCard : words.scanLink} <span>${target}</span></figcaption></figure>
</div>`;
}

function renderLights(words: Words): Html {
  const rows = [
    [words.beats, words.beatsMeans],
    [words.stays, words.staysMeans],
    [words.blinks, words.blinksMeans],
    [words.off, words.offMeans],
  ] as const;
  return html`<section><h2>${words.lights}</h2>
<table>
<thead><tr><th scope="col">${words.light}</th><th scope="col">${words.meaning}</th></tr></thead>
<tbody>${rows.map(([light, meaning]) => html`<tr><th scope="row">${light}</th><td>${meaning}</td></tr>`)}</tbody>
</table></section>`;
}

/** Last on the sheet, so that folded at the line it shows none of them. */
function renderSecrets({ code, account, password, people, backupKey }: Leaflet['secrets'], words: Words): Html {
  const rows = [
    [words.code, code],
    [words.account, account],
    [words.password, password],
    ...people.flatMap((person) => [[person.title, person.name] as const, [words.theirPassword, person.password] as const]),
    [words.backupKey, backupKey],
  ] as const;
  return html`<section class="fold secrets"><p>${words.fold}</p>
<h2>${words.secrets}</h2>
<dl>${rows.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl></section>`;
}
