import { hasWhatItNeeds, refuseSetting } from '../../builder/workspace/check-clients.ts';
import type { LoadedWorkspace } from '../../builder/workspace/loaded.ts';
import { refuseNames } from '../../builder/workspace/new-client.ts';
import type { Overlay } from '../../builder/workspace/overlay-schema.ts';
import type { NewClient } from '../../builder/workspace/render-client.ts';
import { asAsciiName, shorten } from '../../builder/workspace/rules/names.ts';
import { type Client, clientSchema, type Operator, type Profile } from '../../builder/workspace/schema.ts';
import { type Answers, answerOf, type Step } from './dialogue.ts';
import { languageChoices } from './operator-steps.ts';
import { bySchema, say, topic } from './steps.ts';
import type { Words } from './words-en.ts';

export { shorten };

/** The workspace that a client comes into, written already or not. */
export interface Surroundings extends Pick<LoadedWorkspace, 'overlays' | 'clients'> {
  readonly operator: Pick<Operator, 'language'>;
  readonly profiles: ReadonlyMap<string, Pick<Profile, 'services'>>;
}

interface Asking {
  readonly words: Words;
  readonly language: Operator['language'];
  readonly around: Surroundings;
  /** The present values, when they are to be changed. */
  readonly current?: Client;
}

const WIFI = clientSchema.shape.wifi.unwrap().shape;

/** What clients/NAME.yaml says. */
export function clientSteps(asking: Asking, answers: Answers): Step[] {
  const { words, around, current } = asking;
  const { name } = clientSchema.shape;
  const short = current?.client ?? answers['client'];
  const others = { clients: new Map([...around.clients].filter(([client]) => client !== current?.client)) };
  const refuseHostName = (hostname: string) =>
    bySchema(words, 'hostname', clientSchema.shape.hostname)(hostname) ??
    say(words, 'hostname', refuseNames(others, { client: typeof short === 'string' ? short : '', hostname }));
  return [
    { ...topic(words, 'name'), kind: 'text', ...initial(current?.name), refuse: bySchema(words, 'name', name) },
    ...(current ? [] : [shortNameStep(asking, answers)]),
    ...profileStep(asking),
    {
      ...topic(words, 'clientLanguage'),
      kind: 'choose',
      choices: languageChoices(words),
      default: current?.language ?? around.operator.language,
    },
    { ...topic(words, 'hostname'), kind: 'text', ...initial(current?.hostname ?? short), refuse: refuseHostName },
    ...settingSteps(asking, answers),
    ...wifiSteps(asking, answers),
  ];
}

function initial(text: Answers[string] | undefined) {
  return typeof text === 'string' ? { default: text } : {};
}

function shortNameStep({ words, around }: Asking, answers: Answers): Step {
  const refuse = (client: string) =>
    bySchema(words, 'client', clientSchema.shape.client)(client) ?? say(words, 'client', refuseNames(around, { client, hostname: '' }));
  return { ...topic(words, 'client'), kind: 'text', default: shorten(String(answers['name'] ?? '')), refuse };
}

/** Only where there is a choice. A change keeps what the client's file says of services: the profile must have them. */
function profileStep({ words, around: { profiles }, current }: Asking): Step[] {
  if (profiles.size < 2) return [];
  const settings = Object.keys(current?.settings ?? {});
  const refuse = (profile: string) => {
    const lost = settings.find((service) => !profiles.get(profile)?.services.includes(service));
    return lost === undefined
      ? undefined
      : words.refusal('clientProfile', { message: `the client's file speaks of "${lost}", which this profile lacks` });
  };
  const choices = [...profiles.keys()].map((value) => ({ value, label: value }));
  return [{ ...topic(words, 'clientProfile'), kind: 'choose', choices, ...initial(current?.profile), refuse }];
}

function settingSteps({ words, language, around, current }: Asking, answers: Answers): Step[] {
  return servicesOf(around, answers, current).flatMap(({ overlay, title, settings }): Step[] =>
    Object.entries(settings).flatMap(([key, setting]): Step[] => {
      const { title: ask, default: text } = setting;
      if (!isAsked(overlay, setting, answers)) return [];
      const refuse = (typed: string) => {
        const message = refuseSetting(typed, setting);
        return message === undefined ? undefined : words.refusal('setting', { message });
      };
      const said = current?.settings[overlay]?.[key] ?? text;
      const hasLines = setting.choices === undefined && setting.pattern === undefined && !setting.domain;
      const why = `${words.ofService(title[language])}${hasLines ? ` ${words.newLine}` : ''}`;
      const question = { name: settingName(overlay, key), message: ask[language], why, default: said, refuse };
      const choices = setting.choices?.map((value) => ({ value, label: value }));
      if (choices) return [{ ...question, kind: 'choose', choices }];
      return [{ ...question, kind: 'text', optional: true, ...(setting.domain ? { tidy: asAsciiName } : {}) }];
    }),
  );
}

function wifiSteps({ words, current }: Asking, answers: Answers): Step[] {
  const ways = [
    { value: 'cable', label: words.cable },
    { value: 'wifi', label: words.wifi },
  ];
  const network: Step = { ...topic(words, 'network'), kind: 'choose', choices: ways, default: current?.wifi ? 'wifi' : 'cable' };
  if (answers['network'] !== 'wifi') return [network];
  const isKept = (text: unknown) => text === '' && current?.wifi !== undefined;
  const password = answers['wifiPassword'];
  return [
    network,
    { ...topic(words, 'ssid'), kind: 'text', ...initial(current?.wifi?.ssid), refuse: bySchema(words, 'ssid', WIFI.ssid) },
    {
      ...topic(words, 'country'),
      kind: 'text',
      default: current?.wifi?.country ?? 'FR',
      tidy: (text) => text.toUpperCase(),
      refuse: bySchema(words, 'country', WIFI.country),
    },
    {
      ...topic(words, 'wifiPassword'),
      kind: 'secret',
      ...(current?.wifi ? { why: words.keepPassword } : {}),
      refuse: (text) => (isKept(text) ? undefined : bySchema(words, 'wifiPassword', WIFI.password)(text)),
    },
    ...(password === undefined || isKept(password) ? [] : [passwordAgainStep(words, password)]),
  ];
}

/** A slip of the finger that nobody sees is a card that never joins: somebody has to go there. */
function passwordAgainStep(words: Words, password: Answers[string]): Step {
  const refuse = (text: string) => (text === password ? undefined : words.refusal('wifiPasswordAgain', { message: words.notTheSame }));
  return { ...topic(words, 'wifiPasswordAgain'), kind: 'secret', refuse };
}

/** The profile that was chosen, or the only one. */
function chosenProfile({ profiles }: Pick<Surroundings, 'profiles'>, answers: Answers, current?: Client): string {
  const chosen = answers['clientProfile'];
  return typeof chosen === 'string' ? chosen : (current?.profile ?? [...profiles.keys()][0] ?? '');
}

function servicesOf({ profiles, overlays }: Surroundings, answers: Answers, current?: Client): Overlay[] {
  const profile = profiles.get(chosenProfile({ profiles }, answers, current));
  return (profile?.services ?? []).flatMap((service) => overlays.get(service) ?? []);
}

/** Not where it would do nothing. */
function isAsked(service: string, setting: Overlay['settings'][string], answers: Answers): boolean {
  return hasWhatItNeeds(setting, (key) => answers[settingName(service, key)]);
}

/** What was answered for each service. What was not asked for is as if nobody had ever said it. */
function settingsOf(around: Surroundings, answers: Answers, current?: Client): Record<string, Record<string, string>> {
  const asking = servicesOf(around, answers, current).filter(({ settings }) => Object.keys(settings).length > 0);
  const textsOf = ({ overlay, settings }: Overlay) =>
    Object.entries(settings).flatMap(([key, setting]) => {
      if (isAsked(overlay, setting, answers)) return [[key, answerOf(answers, settingName(overlay, key))] as const];
      return current?.settings[overlay]?.[key] === undefined ? [] : [[key, setting.default] as const];
    });
  return Object.fromEntries(asking.map((service) => [service.overlay, Object.fromEntries(textsOf(service))]));
}

/** Writes a value for a new client: what is the operator's, or follows from the short name, is left out. */
export function clientOf(around: Surroundings, answers: Answers, current?: Client): NewClient {
  const client = current?.client ?? answerOf(answers, 'client');
  const [language, hostname] = [clientSchema.shape.language.parse(answers['clientLanguage']), answerOf(answers, 'hostname')];
  return {
    client,
    name: answerOf(answers, 'name'),
    profile: chosenProfile(around, answers, current),
    language: language === around.operator.language ? undefined : language,
    hostname: hostname === client ? undefined : hostname,
    settings: settingsOf(around, answers, current),
    wifi: answers['network'] === 'wifi' ? wifiOf(answers, current) : undefined,
  };
}

function wifiOf(answers: Answers, current?: Client): NonNullable<Client['wifi']> {
  const password = answerOf(answers, 'wifiPassword') || (current?.wifi?.password ?? '');
  return { ssid: answerOf(answers, 'ssid'), password, country: answerOf(answers, 'country') };
}

function settingName(service: string, key: string): string {
  return `settings.${service}.${key}`;
}
