import { formatByteSize } from '../../../kit/byte-size.ts';
import { nameModel } from '../../../protocol/imager-list.ts';
import { escapeFor } from '../../seed/escape.ts';
import { SUMS } from './sums.ts';

/** What index.json and index.html say of a release. */
export interface ReleaseFacts {
  readonly operator: string;
  readonly language: 'fr' | 'en';
  readonly profile: string;
  /** When the newest packages in it were published, milliseconds since 1970. */
  readonly made: number;
  /** Digest of the prefix, which stands for everything on the card but the seed. */
  readonly prefix: string;
  readonly boards: readonly string[];
  readonly image: { readonly file: string; readonly bytes: number; readonly sha256: string };
  readonly extracted: { readonly bytes: number; readonly sha256: string };
  /** How the image's boot in QEMU went; left out where that was not tried. */
  readonly boot?: { readonly state: string; readonly seconds: number } | undefined;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** One word for a release: the day of its newest packages, and what its image is. */
export function nameRelease({ made, prefix }: Pick<ReleaseFacts, 'made' | 'prefix'>): string {
  return `${new Date(made).toISOString().slice(0, 10)}-${prefix.slice(0, 8)}`;
}

export function renderIndexJson(facts: ReleaseFacts): string {
  const { made, ...rest } = facts;
  return `${JSON.stringify({ release: nameRelease(facts), made: new Date(made).toISOString(), ...rest }, null, 2)}\n`;
}

/** One page for a browser: plain, in the operator's language, without a script. */
export function renderIndexHtml(facts: ReleaseFacts): string {
  const { language, profile, operator, image, extracted, boards, files } = facts;
  const words = WORDS[language];
  const rows = files.map(
    ({ path, bytes }) => `<tr><td><a href="${linkTo(path)}">${escapeHtml(path)}</a></td><td>${escapeHtml(size(bytes, language))}</td></tr>`,
  );
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(words.title(profile, nameRelease(facts)))}</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:auto;padding:1rem;overflow-wrap:anywhere}pre{white-space:pre-wrap}td{padding:.2rem 1rem .2rem 0;vertical-align:top;text-align:left}</style>
</head>
<body>
<main>
<h1>${escapeHtml(words.title(profile, nameRelease(facts)))}</h1>
<p>${escapeHtml(words.what(operator, boards.map(nameModel).join(', ')))}</p>
<p><a href="${linkTo(image.file)}">${escapeHtml(image.file)}</a> — ${escapeHtml(words.sizes(size(image.bytes, language), size(extracted.bytes, language)))}</p>
<h2>${escapeHtml(words.check)}</h2>
<p>${escapeHtml(words.how)}</p>
<pre><code>echo "release $(cat release.pub)" &gt; signers
ssh-keygen -Y verify -f signers -I release -n semeur-release -s ${SUMS}.sig &lt; ${SUMS}
sha256sum --check ${SUMS}</code></pre>
<h2>${escapeHtml(words.files)}</h2>
<table>
${rows.join('\n')}
</table>
</main>
</body>
</html>
`;
}

const WORDS = {
  fr: {
    title: (profile: string, release: string) => `Carte « ${profile} », version ${release}`,
    what: (operator: string, boards: string) =>
      `L’image publique de ${operator}, pour ${boards}. Elle ne contient ni client ni secret : le petit fichier d’un client en fait sa carte.`,
    sizes: (bytes: string, extracted: string) => `${bytes} à télécharger, ${extracted} sur la carte`,
    check: 'Vérifier',
    how: 'Comparez d’abord release.pub avec la clé que l’opérateur vous a donnée par un autre chemin. Puis, dans le dossier de cette version :',
    files: 'Tous les fichiers',
  },
  en: {
    title: (profile: string, release: string) => `Card “${profile}”, release ${release}`,
    what: (operator: string, boards: string) =>
      `The public image of ${operator}, for ${boards}. It holds no client and no secret: a client’s small file makes it their card.`,
    sizes: (bytes: string, extracted: string) => `${bytes} to download, ${extracted} on the card`,
    check: 'To check it',
    how: 'First compare release.pub with the key that the operator gave you by another way. Then, in the folder of this release:',
    files: 'All files',
  },
} as const;

function size(bytes: number, language: 'fr' | 'en'): string {
  const text = formatByteSize(bytes);
  return language === 'fr' ? text.replace('.', ',').replace(/B$/, 'o') : text;
}

/** Relative, so that the folder can lie anywhere. */
function linkTo(path: string): string {
  return escapeHtml(path.split('/').map(encodeURIComponent).join('/'));
}

function escapeHtml(text: string): string {
  return escapeFor('html', text);
}
