import { type Command, Option } from 'commander';
import { ownLanguage } from '../../builder/workspace/defaults.ts';
import { LANGUAGES, type Operator } from '../../builder/workspace/schema.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { isPlain, lineProgress } from '../terminal/progress.ts';
import type { Actions } from '../wizard/desk.ts';
import { plainQuestions } from '../wizard/plain-questions.ts';
import { runWizard } from '../wizard/wizard.ts';
import { ENGLISH } from '../wizard/words-en.ts';
import { FRENCH } from '../wizard/words-fr.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

interface WizardOptions {
  readonly lang?: Operator['language'];
  readonly plain?: boolean;
}

const WORDS = { en: ENGLISH, fr: FRENCH };
/** Loaded when they are asked for: the first question is not to wait for what makes images. */
const ACTIONS: Actions = {
  build: async (session, clients, { all }) => (await import('./build.ts')).build(session, clients, { all, format: 'xz' }),
  reissue: async (session, client) => (await import('./reissue.ts')).reissue(session, client),
  listFleet: async (session) => (await import('./fleet.ts')).listClients(session, {}),
};

export function addWizard(program: Command, run: RunVerb): void {
  program
    .command('wizard')
    .description('a workspace, clients and images by questions, in French or English; it ends with the same as commands')
    .addOption(new Option('--lang <language>', 'of the questions (default: that of your system, else French)').choices(LANGUAGES))
    .option('--plain', 'line by line, lists by number: for screen readers and braille displays (also: TERM=dumb, SEMEUR_PLAIN=1)')
    .addHelpText('after', examples('semeur wizard', 'semeur wizard --lang en --plain', 'semeur wizard --workspace my-coop'))
    .action((options: WizardOptions) => run((session) => wizard(session, options)));
}

async function wizard(session: Session, { lang, plain = isPlain() }: WizardOptions): Promise<Report> {
  const language = lang ?? ownLanguage() ?? 'fr';
  const words = WORDS[language];
  const { terminal, signal } = session;
  if (!terminal) throw new Failure(words.noTerminal, { hint: words.noTerminalHint, exitCode: EXIT.usage });
  const ask = plain ? plainQuestions : (await import('../wizard/arrow-questions.ts')).arrowQuestions;
  const questions = ask(terminal, words, signal);
  const shown = plain ? { ...session, progress: lineProgress(terminal.output) } : session;
  try {
    return await runWizard({ session: shown, language, words, questions, actions: ACTIONS, commands: [], next: [] });
  } finally {
    questions.close();
  }
}
