import type { Command } from 'commander';
import { type AlarmEntry, listStrayAlarms } from '../../home/store/alarms.ts';
import { type FleetDetails, type FleetEntry, listFleet, showCard } from '../../home/store/fleet.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import type { Heartbeat } from '../../protocol/requests.ts';
import { troublesOf } from '../../protocol/status.ts';
import { examples } from './examples.ts';
import { findStateFolder, STATE, type StateFlags } from './state-folder.ts';
import type { RunVerb } from './verb.ts';

export function addFleet(program: Command, run: RunVerb): void {
  const fleet = program.command('fleet').description('how the cards are, as home knows them');
  fleet
    .command('list')
    .description('every client: state, address, last call, alarms')
    .option(...STATE)
    .addHelpText('after', examples('semeur fleet list', 'semeur fleet list --json'))
    .action((flags: StateFlags) => run(async (session) => listClients(session, flags)));
  fleet
    .command('show')
    .argument('<client>')
    .description('all that home knows of one')
    .option(...STATE)
    .addHelpText('after', examples('semeur fleet show durand'))
    .action((client: string, flags: StateFlags) => run(async (session) => showClient(session, client, flags)));
}

export function listClients(session: Session, flags: StateFlags): Report {
  const { clients, strays } = withFleet(findStateFolder(session, flags), (database) => ({
    clients: listFleet(database, Date.now()),
    strays: listStrayAlarms(database),
  }));
  const rows = clients.map((entry) => [entry.client, entry.state, entry.address ?? '-', ago(entry.lastHeartbeat), describeHealth(entry)]);
  const table = [['client', 'state', 'address', 'last call', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const text = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const notTaken = strays.flatMap(({ client, alarmList }) => alarmList.map((alarm) => `${client}: ${describeAlarm(alarm)}`));
  return { json: { clients, strays }, text: [...text, ...notTaken] };
}

function showClient(session: Session, client: string, flags: StateFlags): Report {
  const found = withFleet(findStateFolder(session, flags), (database) => showCard(database, client, Date.now()));
  if (!found)
    throw new Failure(`Cannot find the client "${client}" at home`, { hint: 'See which there are: semeur fleet list', exitCode: EXIT.usage });
  return { json: found, text: describe(found) };
}

function describe(entry: FleetDetails): string[] {
  const { alarmList, inventory, report, health, history, ...facts } = entry;
  return [
    ...describeFacts(facts),
    ...(inventory === null ? [] : ['inventory:', ...describeFacts(inventory as object).map((line) => `  ${line}`)]),
    ...(health === null ? [] : ['health:', ...describeBeat(health).map((line) => `  ${line}`)]),
    ...(report === null ? [] : [`report of ${report.at}:`, ...report.text.split('\n').map((line) => `  ${line}`)]),
    'history:',
    ...history.map(({ at, state }) => `  ${at} ${state}`),
    ...alarmList.map(describeAlarm),
  ];
}

/** A service of an operator's own stands as Semeur's do: a line each, without the kinds of its facts. */
function describeBeat({ status = {}, ...beat }: Heartbeat): string[] {
  const services = Object.entries(status).map(([service, { moments, flags, troubles }]) => ({ [service]: { ...moments, ...flags, ...troubles } }));
  return [beat, ...services].flatMap(describeFacts);
}

function describeFacts(facts: object): string[] {
  return Object.entries(facts).map(([name, value]) => `${name} ${describeFact(value)}`);
}

function describeFact(value: unknown): string {
  if (value === null || value === '') return '-';
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'object' ? describeFacts(value).join(', ') || '-' : String(value);
}

function describeAlarm({ kind, times, last, facts, seen }: AlarmEntry): string {
  const bySomebody = seen === null ? '' : `, seen by ${seen.by}`;
  return `alarm ${kind}, ${times} times, last ${last}${bySomebody}: ${describeFacts(facts as object).join(', ')}`;
}

function describeHealth({ health, alarms, diagnosis }: FleetEntry): string {
  const words = [
    ...(alarms > 0 ? [`${alarms} alarms`] : []),
    ...(diagnosis === null ? [] : [diagnosis]),
    ...(health?.report === 'needs-help' ? ['needs help'] : []),
    ...(health && health.failedUnits.length > 0 ? [`failed: ${health.failedUnits.join(' ')}`] : []),
    ...(health?.illServices?.length ? [`services that don't answer: ${health.illServices.join(' ')}`] : []),
    ...(health ? troublesOf(health).map(([service, name]) => `${service}: ${name}`) : []),
    ...(health?.underVoltage ? ['weak power supply'] : []),
    ...(health?.remoteAccess === 'off' ? ['remote access is off'] : []),
  ];
  return words.join(', ');
}

export function ago(date: string | null): string {
  if (date === null) return 'never';
  const seconds = Math.max(0, (Date.now() - Date.parse(date)) / 1000);
  if (seconds < 120) return `${Math.round(seconds)} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`;
}
