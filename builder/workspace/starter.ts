import { renderSchemas, schemaComment } from './json-schema.ts';
import type { Overlay } from './overlay-schema.ts';
import { renderClient, renderText } from './render-client.ts';
import type { Operator } from './schema.ts';

export interface StarterOptions {
  readonly operator: string;
  readonly language: Operator['language'];
  readonly timezone: string;
  /** A random /48. */
  readonly prefix: string;
  /** What the first profile offers. */
  readonly services: readonly Overlay[];
}

export const IGNORED: readonly string[] = ['/secrets/', '/out/', '/home/'];

/** Every file of a new workspace, by path. */
export function planStarter(options: StarterOptions): Map<string, string> {
  const { language, services } = options;
  const words = WORDS[language];
  const client = { client: words.client, name: words.clientName, profile: 'maison' };
  return new Map([
    ['semeur.yaml', renderOperator(options)],
    ['profiles/maison.yaml', renderProfile(options)],
    [`clients/${words.client}.yaml`, renderClient(client, services, language)],
    ['overlays/.gitkeep', ''],
    ['.gitignore', `${IGNORED.join('\n')}\n`],
    ...renderSchemas(),
  ]);
}

function renderOperator({ operator, language, timezone, prefix }: StarterOptions): string {
  const words = WORDS[language];
  return `${schemaComment('operator', '')}
operator: ${renderText(operator)}
# ${words.email}
email: ${words.help}@${words.domain}
language: ${language}
timezone: ${timezone}
vpn:
  # ${words.prefix}
  prefix: ${prefix}
  # ${words.endpoints}
  endpoints: ["vpn.${words.domain}:51820", "vpn.${words.domain}:443"]
home:
  # ${words.home}
  url: https://home.${words.domain}
`;
}

function renderProfile({ language, services }: StarterOptions): string {
  const words = WORDS[language];
  return `${schemaComment('profile', '../')}
profile: maison
base: debian-arm64
# ${words.boards}
boards: [pi3, pi4]
# ${words.services}
services: [${services.map(({ overlay }) => overlay).join(', ')}]
packages: []
`;
}

const WORDS = {
  fr: {
    client: 'exemple',
    clientName: "L'exemple",
    domain: 'exemple.example',
    help: 'aide',
    email: "Où les clients écrivent quand ils ont besoin d'aide",
    prefix: 'Tiré au sort pour vous : le garder',
    endpoints: 'Où les cartes joignent votre VPN (UDP), essayés dans cet ordre',
    home: "L'adresse publique de votre serveur",
    boards: 'Les Raspberry Pi sur lesquels la carte doit démarrer',
    services: 'Ce que la carte offre : des dossiers de overlays/, ou ceux de Semeur',
  },
  en: {
    client: 'example',
    clientName: 'The example',
    domain: 'co-op.example',
    help: 'help',
    email: 'Where clients write when they need help',
    prefix: 'Drawn at random for you: keep it',
    endpoints: 'Where cards reach your VPN (UDP), tried in this order',
    home: 'The public address of your server',
    boards: 'The Raspberry Pis that the card must start on',
    services: "What the card offers: folders of overlays/, or Semeur's own",
  },
} as const;
