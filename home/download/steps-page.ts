import type { DownloadPlan } from '../../protocol/download.ts';
import { type Html, html, NOTHING } from '../../web/html.ts';
import { PICTURES } from '../../web/pictures.ts';
import { cardSize, renderHelp, size, tellDay, timeOnSlowLine, type Visit } from './visit.ts';

/** Where the page's own links lead, from it or as whole addresses. */
export interface StepLinks {
  readonly manifest: string;
  readonly image: string;
  readonly seed: string;
  /** The page that waits for the card; none where pages are files. */
  readonly called?: string | undefined;
  /** The profile's own image, and where its SHA-256 stands. */
  readonly public?: { readonly image: string; readonly sums: string } | undefined;
  /** Milliseconds since 1970. */
  readonly expires?: number | undefined;
}

/** The name of the partition that computers show as a drive, whatever the base. */
const DRIVE = 'bootfs';
const IMAGER = 'https://www.raspberrypi.com/software/';

/** How to make one's card: the three steps, then the two other ways. */
export function renderSteps(visit: Visit, plan: DownloadPlan, name: string, links: StepLinks): Html {
  const { words } = visit;
  const steps = [
    renderStep(words.fetch, PICTURES.fetch(words.fetchPicture), [
      html`${words.fetchImager} <a href="${IMAGER}">raspberrypi.com/software</a>`,
      html`${words.fetchFile}`,
      html`<a class="go" href="${links.manifest}" download>${words.getFile}</a>`,
    ]),
    renderStep(words.write, PICTURES.write(words.writePicture), [
      html`${words.writeOpen}`,
      html`${words.writeChoose(words.entry(name))}`,
      html`${words.writeFormat}`,
    ]),
    renderStep(words.plug, PICTURES.plug(words.plugPicture), [
      html`${words.plugHow}`,
      html`${words.plugLight}`,
      ...(links.called === undefined ? [] : [html`<a class="go" href="${links.called}">${words.watch}</a>`]),
    ]),
  ];
  return html`<h1>${words.title(name)}</h1>
<p>${words.intro}</p>
<ul>
<li>${words.card(cardSize(plan.extracted.bytes, words))}</li>
<li>${words.room(size(plan.bytes, words), timeOnSlowLine(plan.bytes, words))}</li>
</ul>
<ol class="steps">
${steps.map((step, index) => html`<li><h2>${index + 1}. ${step.title}</h2>\n${step.content}</li>\n`)}</ol>
${renderOtherWays(visit, plan, links)}
${links.expires === undefined ? NOTHING : html`<p class="note">${words.secret(tellDay(links.expires, visit))}</p>`}
${renderHelp(visit)}`;
}

function renderStep(title: string, picture: Html, lines: readonly Html[]) {
  return { title, content: html`${picture}\n${lines.map((line) => html`<p>${line}</p>\n`)}` };
}

function renderOtherWays({ words }: Visit, { bytes, sha256 }: DownloadPlan, links: StepLinks): Html {
  const all = links.public;
  return html`<section>
<h2>${words.others}</h2>
<p>${words.othersHow} <a href="${links.image}" download>${words.getImage(size(bytes, words))}</a></p>
<p>${words.sum} <code>${sha256}</code></p>
</section>
<section>
<h2>${words.public}</h2>
<p>${words.publicHow(DRIVE)} <a href="${links.seed}" download="semeur.seed">${words.getSeed}</a></p>
${all === undefined ? NOTHING : html`<p>${words.publicImage} <a href="${all.image}">${all.image.split('/').at(-1) ?? ''}</a>, <a href="${all.sums}">${words.sums}</a></p>`}
</section>`;
}
