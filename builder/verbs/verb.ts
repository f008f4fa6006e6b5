import type { Command } from 'commander';
import type { Report, Session } from '../session.ts';

/** How a verb hands its work to main, which prints the report and sets the exit code. */
export type RunVerb = (verb: (session: Session) => Promise<Report>) => Promise<void>;

/** Each file of this folder adds one verb to the program. */
export type AddVerb = (program: Command, run: RunVerb) => void;
