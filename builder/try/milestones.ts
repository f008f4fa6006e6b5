/** How far a machine has come, told from what it prints on its console. Seconds are since power-on. */
export interface Milestones {
  readonly seconds: {
    readonly kernel: number | null;
    readonly systemd: number | null;
    readonly login: number | null;
    /** When a Semeur card said that its first boot is done. */
    readonly ready: number | null;
  };
  readonly hostname: string | null;
  readonly card: CardState | null;
  /** What a Semeur card said last, in its own words. */
  readonly said: string | null;
  /** What it tries again and again; null once it has come further. */
  readonly waiting: Waiting | null;
  /** Why it will come no further, in its own words. */
  readonly trouble: string | null;
}

export interface Waiting {
  /** Its sentence, in the client's language. */
  readonly words: string;
  /** Seconds since power-on. */
  readonly since: number;
}

export interface CardState {
  readonly rootBytes: number;
  /** "wiped" once nothing of the seed is left on the card. */
  readonly region: string;
  /** Fingerprint of the SSH host key. */
  readonly hostKey: string;
}

export const POWER_ON: Milestones = {
  seconds: { kernel: null, systemd: null, login: null, ready: null },
  hostname: null,
  card: null,
  said: null,
  waiting: null,
  trouble: null,
};

/** How firstboot/ speaks on the console (report.sh): each sentence in two languages, the client's first. */
const SAID = /\bsemeur: (.*\S)/;
/** What it will try again by itself: one pattern for both languages of a sentence. */
const WAITS = [
  /attend le réseau|waits for the network/,
  /n'arrive pas à joindre votre Wi-Fi|can't join your Wi-Fi/,
  /n'arrive pas à joindre votre coopérative|can't reach your co-operative/,
  /que la carte ne comprend pas|that the card doesn't understand/,
  /ne peut pas inscrire la carte|can't enrol the card/,
  /ne passe pas encore|doesn't come up yet/,
  /n'a pas encore confirmé|has not confirmed/,
];
/** Each is said once a step of the enrolment is done. */
const FURTHER = /^(claimed|confirmed|enrolled|card ready)\b/;
/** What it tries no more, before somebody has switched it off and on again. */
const GIVES_UP =
  /n'a pas tout pu faire|could not do everything|^L'étape \S+ a échoué|^The step \S+ failed|ne sait pas à qui elle est|doesn't know whose it is|écrite sur la carte ne convient pas|written on the card can't be used/;

const READY = /semeur: card ready host=(\S+) root-bytes=(\d+) region=(\S+) host-key=(SHA256:[A-Za-z0-9+/]{43})/;
const TROUBLES = [
  { pattern: /semeur: needs help\b[ :]*(.*)/, says: 'the card asks for help' },
  // An emulated kernel that hung starts again (machine.ts).
  { pattern: /Kernel panic - not syncing(?!: softlockup):? ?(.*)/, says: 'kernel panic' },
  { pattern: /ALERT! (.*) Dropping to a shell/, says: 'the initramfs finds no root file system' },
  { pattern: /You are in emergency mode()/, says: 'systemd stopped in emergency mode' },
  { pattern: /Cannot open access to console, the root account is locked()/, says: 'systemd stopped in emergency mode' },
];

/**
 * What a line of the console adds. The same object is returned when it adds nothing.
 * @param whole false: the line goes on, so only a prompt in it counts.
 */
export function readMilestone(before: Milestones, line: string, seconds: number, whole = true): Milestones {
  const reached = (key: keyof Milestones['seconds']) => (before.seconds[key] === null ? { ...before.seconds, [key]: seconds } : before.seconds);
  // Not to the end of the line: nothing keeps the kernel from writing right after the prompt.
  const hostname = /^([a-z0-9][a-z0-9.-]*) login: /.exec(line)?.[1];
  if (hostname !== undefined && before.seconds.login === null) return { ...before, seconds: reached('login'), hostname };
  if (!whole) return before;
  if (before.seconds.kernel === null && /\bLinux version \d/.test(line)) return { ...before, seconds: reached('kernel') };
  if (before.seconds.systemd === null && /\bsystemd\[1\]: |\bWelcome to \S/.test(line)) return { ...before, seconds: reached('systemd') };
  const heard = hear(before, line, seconds);
  const ready = READY.exec(line);
  if (ready) {
    const [, hostname = '', bytes, region = '', hostKey = ''] = ready;
    return { ...heard, seconds: reached('ready'), hostname, card: { rootBytes: Number(bytes), region, hostKey } };
  }
  const trouble = heard.trouble === null ? findTrouble(line) : undefined;
  return trouble === undefined ? heard : { ...heard, trouble };
}

function hear(before: Milestones, line: string, seconds: number): Milestones {
  const said = SAID.exec(line)?.[1];
  if (said === undefined) return before;
  const trouble = before.trouble ?? (GIVES_UP.test(said) ? `it says "${said}"` : null);
  if (FURTHER.test(said)) return { ...before, said, waiting: null, trouble };
  const wait = WAITS.find((pattern) => pattern.test(said));
  // The same in its other language.
  const isNews = wait !== undefined && !(before.waiting && wait.test(before.waiting.words));
  return { ...before, said, waiting: isNews ? { words: said, since: seconds } : before.waiting, trouble };
}

/** For progress: "systemd after 12.3 s, login prompt after 41.2 s". */
export function describeMilestones({ seconds }: Pick<Milestones, 'seconds'>): string {
  const names = { kernel: 'kernel', systemd: 'systemd', login: 'login prompt', ready: 'card ready' } as const;
  const reached = (Object.keys(names) as (keyof typeof names)[]).filter((key) => seconds[key] !== null);
  return reached.map((key) => `${names[key]} after ${seconds[key]?.toFixed(1)} s`).join(', ');
}

function findTrouble(line: string): string | undefined {
  for (const { pattern, says } of TROUBLES) {
    const match = pattern.exec(line);
    if (match) return match[1] ? `${says} (${match[1].trim()})` : says;
  }
  return undefined;
}
