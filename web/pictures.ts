import { type Html, html } from './html.ts';

/** Line drawings; whoever can't see one hears `text`. In 128 × 80 units, in the colour that the style gives. */
export const PICTURES = {
  fetch: (text: string): Html =>
    draw(
      text,
      html`<path d="M26 36a12 12 0 0 1 3-23 17 17 0 0 1 32 3 10 10 0 0 1 1 20zM44 28v26m-9-9 9 9 9-9"/><rect x="66" y="26" width="50" height="34" rx="3"/><path d="M58 70h66M32 64h24"/>`,
    ),
  write: (text: string): Html =>
    draw(
      text,
      html`<rect x="12" y="12" width="66" height="44" rx="3"/><path d="M4 68h82"/><path d="M98 24h14l8 8v26H98zM103 31v6m5-6v6m5-3v3M94 41H82m5-5-5 5 5 5"/>`,
    ),
  plug: (text: string): Html =>
    draw(
      text,
      html`<rect x="34" y="22" width="60" height="36" rx="4"/><path d="M34 34H8m0-8v16M94 40h12c8 0 8 14 16 14M54 58v12h20V58"/><circle cx="46" cy="32" r="3"/><path d="M60 32h24M60 42h24"/>`,
    ),
} as const;

/** The icon of the entry in Raspberry Pi Imager: a sower's seed, 40 × 40. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" viewBox="0 0 40 40"><rect width="40" height="40" rx="8" fill="#14602b"/><path d="M20 33V18m0 6c-9 0-11-7-11-12 8 0 11 5 11 12zm0-4c0-8 4-12 11-12 0 7-3 12-11 12z" fill="none" stroke="#fff" stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round"/></svg>\n`;

function draw(text: string, lines: Html): Html {
  return html`<svg viewBox="0 0 128 80" role="img" aria-label="${text}">${lines}</svg>`;
}
