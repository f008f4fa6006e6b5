import { type Html, html } from '../../web/html.ts';

export type Fact = readonly [label: string, value: string];

export function renderFacts(facts: readonly Fact[]): Html {
  return html`<dl>
${facts.map(([label, value]) => html`<dt>${label}<dd>${value}\n`)}</dl>`;
}

export function labelled(values: object, labels: Readonly<Record<string, string>>): Fact[] {
  return Object.entries(values).map(([name, value]) => [wordFor(name, labels), String(value)]);
}

/** What has no word yet is shown as it is called. Not what every object has, "constructor", say. */
export function wordFor(name: string, words: Readonly<Record<string, string>>): string {
  return Object.hasOwn(words, name) ? (words[name] as string) : name;
}
