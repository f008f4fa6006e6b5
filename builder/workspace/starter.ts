import { isIPv6 } from 'node:net';
import { renderSchemas, schemaComment } from './json-schema.ts';
import type { Overlay } from './overlay-schema.ts';
import { type NewClient, renderClient } from './render-client.ts';
import { renderText } from './render-text.ts';
import { LISTEN_PORT, type Operator, type Profile, WORKSPACE_VERSION } from './schema.ts';

export interface StarterOptions extends Pick<Operator, 'operator' | 'email' | 'phone' | 'language' | 'timezone'> {
  /** A random /48. */
  readonly prefix: string;
  readonly endpoints: readonly string[];
  readonly home: string;
  readonly profile: Pick<Profile, 'profile' | 'base' | 'boards'>;
  /** What the first profile offers. */
  readonly services: readonly Overlay[];
  readonly clients: readonly NewClient[];
}

/** What stands for a co-operative that has not said its own. */
export const STARTER_NAMES = { fr: 'Ma coopérative', en: 'My co-operative' } as const;

export const IGNORED: readonly string[] = ['/secrets/', '/out/', '/home/'];

/** Every file of a new workspace, by path. */
export function planStarter(options: StarterOptions): Map<string, string> {
  const { language, services, profile, clients } = options;
  return new Map([
    ['semeur.yaml', renderOperator(options)],
    [`profiles/${profile.profile}.yaml`, renderProfile(options)],
    ...clients.map((client) => [`clients/${client.client}.yaml`, renderClient(client, services, language)] as const),
    ['overlays/.gitkeep', ''],
    ['.gitignore', `${IGNORED.join('\n')}\n`],
    ...renderSchemas(),
  ]);
}

/** What stands in a workspace until somebody says otherwise. @param domain of the co-operative. @param addresses of its server, in numbers. */
export function defaultAddresses(language: Operator['language'], domain: string = WORDS[language].domain, addresses: readonly string[] = []) {
  return {
    email: `${WORDS[language].help}@${domain}`,
    endpoints: [
      `vpn.${domain}:51820`,
      `vpn.${domain}:443`,
      ...addresses.map((address) => (isIPv6(address) ? `[${address}]:51820` : `${address}:51820`)),
    ],
    home: `https://home.${domain}:${LISTEN_PORT}`,
  };
}

export function exampleClient(language: Operator['language'], profile: string): NewClient {
  const { client, clientName } = WORDS[language];
  return { client, name: clientName, profile };
}

/** Whether it is still what exampleClient() made. */
export function isExampleClient({ client, name }: Partial<Pick<NewClient, 'client' | 'name'>>): boolean {
  return Object.values(WORDS).some((words) => words.client === client && words.clientName === name);
}

function renderOperator({ operator, email, phone, language, timezone, prefix, endpoints, home }: StarterOptions): string {
  const words = WORDS[language];
  return `${schemaComment('operator', '')}
semeur: ${WORKSPACE_VERSION}
operator: ${renderText(operator)}
# ${words.email}
email: ${renderText(email)}
${phone === undefined ? '' : `phone: ${renderText(phone)}\n`}language: ${language}
timezone: ${timezone}
vpn:
  # ${words.prefix}
  prefix: ${prefix}
  # ${words.endpoints}
  endpoints: [${endpoints.map((endpoint) => JSON.stringify(endpoint)).join(', ')}]
home:
  # ${words.home}
  url: ${home}
`;
}

export function renderProfile({
  language,
  services,
  profile: { profile, base, boards },
}: Pick<StarterOptions, 'language' | 'services' | 'profile'>): string {
  const words = WORDS[language];
  return `${schemaComment('profile', '../')}
profile: ${renderText(profile)}
base: ${base}
# ${words.boards}
boards: [${boards.join(', ')}]
# ${words.services}
services: [${services.map(({ overlay }) => renderText(overlay)).join(', ')}]
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
    home: "L'adresse publique de votre serveur, avec le port où il écoute",
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
    home: 'The public address of your server, with the port where it listens',
    boards: 'The Raspberry Pis that the card must start on',
    services: "What the card offers: folders of overlays/, or Semeur's own",
  },
} as const;
