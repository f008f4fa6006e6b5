import { parseStanzas } from '../../debian/deb822.ts';

/** Longer ones are no names: somebody wrote the licence itself on its first line. */
const LONGEST_NAME = 80;

/**
 * The licences that a package's copyright file names, each once, in Debian's words. Where it isn't in the machine-readable format, those of the
 * common ones that it refers to.
 * @see https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
 */
export function parseDebianCopyright(text: string): string[] {
  const [header, ...stanzas] = parseStanzas(text);
  const isMachineReadable = header?.has('format') || header?.has('format-specification');
  const names = isMachineReadable ? [header, ...stanzas].map((stanza) => stanza?.get('license')?.split('\n')[0]) : referredLicences(text);
  return [...new Set(names.map((name) => name?.trim().replace(/\s+/g, ' ') ?? ''))]
    .filter((name) => name !== '' && name.length <= LONGEST_NAME)
    .sort();
}

/** GNU's stay "common-licenses/GPL-2": whether "or later" was meant is written for people. */
function referredLicences(text: string): string[] {
  const names = [...text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z0-9.+-]*[A-Za-z0-9+])/g)].map((match) => match[1] ?? '');
  return names.map((name) => (/^(L?GPL|GFDL)/.test(name) ? `common-licenses/${name}` : name));
}
