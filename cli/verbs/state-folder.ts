import { join, resolve } from 'node:path';
import { findAnyWorkspace, findWorkspace } from '../../builder/workspace/find.ts';
import { loadOperator } from '../../builder/workspace/load.ts';
import { readHubKey } from '../../builder/workspace/secrets.ts';
import { type HomeFacts, readFacts } from '../../home/store/facts.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';

/** For Command.option(). */
export const STATE = ['--state <dir>', "home's folder (default: home/ of the workspace)"] as const;

export interface StateFlags {
  readonly state?: string;
}

/** Where home keeps its own. @param state --state, if given. */
export function stateFolderOf(workspace: string, state: string | undefined): string {
  return state === undefined ? join(workspace, 'home') : resolve(state);
}

/** The same where a workspace is wanted only for want of --state: a server has none, or a part of one. */
export function findStateFolder(session: Session, { state }: StateFlags): string {
  return stateFolderOf(state === undefined ? findWorkspace(session) : '', state);
}

/** What the workspace says of home; without one, what home itself was told when it last started. */
export async function findHomeFacts(session: Session, flags: StateFlags): Promise<Omit<HomeFacts, 'hubKey'>> {
  return findFact(session, flags, readOperatorFacts, (facts) => facts);
}

/** The public key of the VPN's hub. */
export async function findHubKey(session: Session, flags: StateFlags): Promise<string> {
  return findFact(
    session,
    flags,
    async (workspace) => (await readHubKey(workspace)).publicKey,
    ({ hubKey }) => hubKey,
  );
}

export async function readOperatorFacts(workspace: string): Promise<Omit<HomeFacts, 'hubKey'>> {
  const { vpn, home } = await loadOperator(workspace);
  return { prefix: vpn.prefix, endpoints: vpn.endpoints, downloads: home.downloads?.replace(/\/$/, '') };
}

async function findFact<T>(
  session: Session,
  flags: StateFlags,
  ofWorkspace: (folder: string) => Promise<T>,
  ofHome: (facts: HomeFacts) => T,
): Promise<T> {
  const workspace = flags.state === undefined ? findWorkspace(session) : findAnyWorkspace(session);
  if (workspace !== undefined) return ofWorkspace(workspace);
  const folder = findStateFolder(session, flags);
  const facts = await readFacts(folder);
  if (facts) return ofHome(facts);
  throw new Failure(`Cannot tell what the home in "${folder}" is like: none has started there yet`, {
    hint: 'Start home (semeur home serve), or name its workspace with --workspace DIR',
  });
}
