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
  /** Why it will come no further, in its own words. */
  readonly trouble: string | null;
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
  trouble: null,
};

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
  const ready = READY.exec(line);
  if (ready) {
    const [, hostname = '', bytes, region = '', hostKey = ''] = ready;
    return { ...before, seconds: reached('ready'), hostname, card: { rootBytes: Number(bytes), region, hostKey } };
  }
  const trouble = before.trouble === null ? findTrouble(line) : undefined;
  return trouble === undefined ? before : { ...before, trouble };
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
