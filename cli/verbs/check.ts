import type { Command } from 'commander';
import { checkWorkspaceClock } from '../../builder/cards/sound-tokens.ts';
import { describeToken, readTokens, type TokenNews } from '../../builder/seed/token-life.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { type Finding, formatFinding, sortFindings } from '../../builder/workspace/finding.ts';
import { type LoadedWorkspace, readWorkspace } from '../../builder/workspace/load.ts';
import { EXIT } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { findTokenNews } from './token-news.ts';
import type { RunVerb } from './verb.ts';

const MOST_NAMED = 5;

export function addCheck(program: Command, run: RunVerb): void {
  program
    .command('check')
    .description('all that is wrong in the workspace, each with its file, line and column')
    .addHelpText('after', examples('semeur check', 'semeur check --workspace my-coop --json'))
    .action(() => run((session) => checkWorkspace(session)));
}

export async function checkWorkspace(session: Session, now = new Date()): Promise<Report> {
  const { workspace, findings: ofFiles, doubts } = await readWorkspace(findWorkspace(session));
  // What must be put right first is told alone.
  const findings = workspace ? sortFindings([...ofFiles, ...doubts, ...(await checkTokens(workspace, now))]) : ofFiles;
  const last = workspace ? describeWell(workspace, findings.length) : countErrors(findings.filter(({ level }) => level === 'error').length);
  return { json: { findings }, text: [...findings.map(formatFinding), last], exitCode: workspace ? EXIT.done : EXIT.usage };
}

/** @throws {Failure} where this machine's clock can't be right. */
async function checkTokens(workspace: LoadedWorkspace, now: Date): Promise<Finding[]> {
  const tokens = await readTokens(workspace.folder, [...workspace.clients.keys()]);
  await checkWorkspaceClock(workspace, tokens, now);
  const news = findTokenNews(workspace, tokens, now);
  const ended = news.filter(({ is }) => is === 'ended');
  return [
    ...news
      .filter(({ is }) => is === 'ends soon')
      .map((token) => warnAbout(token.client, describeToken(token), `In good time: semeur reissue ${token.client}`)),
    ...(ended.length > 0 ? [warnOfEnded(ended)] : []),
  ];
}

/** One line for all of them: most of their cards have called long ago, and nobody can know here which. */
function warnOfEnded(ended: readonly TokenNews[]): Finding {
  const [first] = ended as [TokenNews, ...TokenNews[]];
  if (ended.length === 1) return warnAbout(first.client, describeToken(first), `If it has not called: semeur build ${first.client}`);
  const named = ended.slice(0, MOST_NAMED).map(({ client }) => client);
  const names = ended.length > MOST_NAMED ? `${named.join(', ')} and ${ended.length - MOST_NAMED} more` : named.join(', ');
  const message = `The tokens of ${ended.length} clients have ended: a card of theirs that has not called yet is turned away (${names})`;
  return warnAbout(first.client, message, 'For each that has not called: semeur build CLIENT');
}

function warnAbout(client: string, message: string, hint: string): Finding {
  return { file: `clients/${client}.yaml`, line: 1, column: 1, level: 'warning', message, hint };
}

function describeWell({ profiles, clients, overlays }: LoadedWorkspace, warnings: number): string {
  const counts = [count(profiles.size, 'profile'), count(clients.size, 'client'), count(overlays.size, 'overlay')];
  return `All is well${warnings > 0 ? ` but for ${count(warnings, 'warning')}` : ''}: ${counts.join(', ')}`;
}

function countErrors(errors: number): string {
  return `${count(errors, 'error')} to put right`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
