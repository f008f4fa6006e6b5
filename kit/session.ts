/** What every verb is given besides its own arguments: where it works, how it tells what it does, and when to stop. */
export interface Session {
  readonly progress: Progress;
  /** Aborted on Ctrl-C; children and loops listen to it. */
  readonly signal: AbortSignal;
  /** --workspace DIR, if given. */
  readonly workspace: string | undefined;
  /** argv prefix that starts this very program: for what has to be a process of its own, such as a server in a trial's network. */
  readonly program: readonly string[];
  /** Where a person can be asked; none when stdin or stderr goes elsewhere. */
  readonly terminal?: Terminal | undefined;
}

export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/** Long work told as a list of sentences, each with its time. */
export interface Progress {
  /** Shows `title`, runs `task`, then shows how long it took. `note` says where the task is ("12 of 40 blocks"), or what nobody should miss. */
  step<T>(title: string, task: (note: Note) => Promise<T>): Promise<T>;
  warn(message: string): void;
}

export type Note = (text: string, isNews?: boolean) => void;

/** What a verb hands back: one JSON document for --json, else lines for a person. */
export interface Report {
  readonly json: unknown;
  readonly text: readonly string[];
  /** 2 when there are findings; 0 if left out. */
  readonly exitCode?: number;
}
