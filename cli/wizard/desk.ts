import type { Operator } from '../../builder/workspace/schema.ts';
import type { Report, Session } from '../../kit/session.ts';
import type { Questions } from './questions.ts';
import type { Words } from './words-en.ts';

/** What other verbs do, as the wizard asks for it. */
export interface Actions {
  build(session: Session, clients: readonly string[], options: { readonly all: boolean }): Promise<Report>;
  reissue(session: Session, client: string): Promise<Report>;
  listFleet(session: Session): Promise<Report>;
}

/** What every task of the wizard works with. */
export interface Desk {
  readonly session: Session;
  readonly language: Operator['language'];
  readonly words: Words;
  readonly questions: Questions;
  readonly actions: Actions;
  /** The same without questions: added to as things are done. */
  readonly commands: string[];
  /** What to do with what was built. */
  readonly next: string[];
}
