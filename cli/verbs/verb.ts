import type { Report, Session } from '../../kit/session.ts';

/** Each file of this folder adds one verb to the program; this is how a verb hands its work to main, which prints the report and sets the exit code. */
export type RunVerb = (verb: (session: Session) => Promise<Report>) => Promise<void>;
