import type { DownloadClient } from '../../protocol/download.ts';
import { type Html, html } from '../../web/html.ts';
import type { DownloadLink } from '../store/download-links.ts';
import { renderHelp, tellMoment, type Visit } from './visit.ts';

/** While nobody has called yet. @param back to the steps. */
export function renderWaiting(visit: Visit, back: string): Html {
  const { words } = visit;
  return html`<h1>${words.waiting}</h1>
<p>${words.waitingHow}</p>
<p>${words.waitingLong}</p>
<p><a href="${back}">${words.back}</a></p>
${renderHelp(visit)}`;
}

/** Whether there is more to come: then the page is to look again. */
export function isSettingUp({ order, report }: DownloadLink): boolean {
  return order === 'claimed' || (report !== 'done' && report !== 'needs-help');
}

/** Once the card has called. @param client what the plan said; undefined if it is gone. */
export function renderCalled(visit: Visit, link: DownloadLink, client: DownloadClient | undefined): Html {
  const { words, language } = visit;
  const state = isSettingUp(link) ? words.settingUp : link.report === 'done' ? words.ready : words.needsHelp;
  const door = `http://${link.hostname}.local/`;
  const services = client?.services.map((service) => html`<li><a href="${door}${service.path}/">${service[language]}</a></li>\n`) ?? [];
  return html`<h1>${words.calledTitle(client?.name ?? link.client)}</h1>
<p class="note">${words.called(tellMoment(link.claimedAt ?? 0, visit))} ${state}</p>
<p>${words.services}</p>
<ul>
${services}<li><a href="${door}">${words.ownPage}</a> (${door})</li>
</ul>
<p>${words.forget}</p>
<p>${words.notYou}</p>
${renderHelp(visit)}`;
}

/** Where there is nothing to show but why. */
export function renderWord(visit: Visit, title: string, how: string): Html {
  return html`<h1>${title}</h1>
<p>${how}</p>
${renderHelp(visit)}`;
}
