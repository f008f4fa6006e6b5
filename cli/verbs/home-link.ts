import { type Command, InvalidArgumentError, Option } from 'commander';
import { LANGUAGES } from '../../builder/workspace/schema.ts';
import { addLink, listLinks, newCapabilities, removeLink } from '../../home/store/download-links.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { findHomeFacts, findStateFolder, STATE, type StateFlags } from './state-folder.ts';
import type { RunVerb } from './verb.ts';

interface AddFlags extends StateFlags {
  readonly days: number;
  readonly lang?: 'fr' | 'en';
}

const DAY = 86_400_000;

/** Under `home`: the addresses of clients' download pages. */
export function addLinks(home: Command, run: RunVerb): void {
  const link = home.command('link').description("addresses of clients' download pages: each opens one, for some days, until the card has called");
  link
    .command('add')
    .argument('<client>')
    .description('a new address for a client, in the place of the one before; it is shown this once, since home keeps its hash alone')
    .option('--days <days>', 'how long it opens the page', readDays, 14)
    .addOption(new Option('--lang <language>', "of the page (default: the client's)").choices(LANGUAGES))
    .option(...STATE)
    .addHelpText('after', examples('semeur home link add durand', 'semeur home link add durand --days 30 --lang en'))
    .action((client: string, flags: AddFlags) => run((session) => add(session, client, flags)));
  link
    .command('remove')
    .argument('<client>')
    .description('end it at once')
    .option(...STATE)
    .addHelpText('after', examples('semeur home link remove durand'))
    .action((client: string, flags: StateFlags) => run(async (session) => remove(session, client, flags)));
  link
    .command('list')
    .description('whose there are, until when, and whether the card has called')
    .option(...STATE)
    .addHelpText('after', examples('semeur home link list --state /var/lib/semeur'))
    .action((flags: StateFlags) => run(async (session) => list(session, flags)));
}

function readDays(text: string): number {
  const days = Number(text);
  if (!(days > 0 && days <= 90)) throw new InvalidArgumentError('Give a number of days, 90 at most: the card has to call before then.');
  return days;
}

async function add(session: Session, client: string, { days, lang, ...flags }: AddFlags): Promise<Report> {
  const { downloads } = await findHomeFacts(session, flags);
  if (downloads === undefined) {
    throw new Failure('Cannot make a link: "home.downloads" of semeur.yaml is missing', {
      hint: 'Write there where the internet reaches the download pages, such as "https://images.example.org"',
      exitCode: EXIT.usage,
    });
  }
  const capabilities = newCapabilities();
  const expires = Date.now() + days * DAY;
  const added = withFleet(
    findStateFolder(session, flags),
    (database) => addLink(database, capabilities, { client, language: lang, expires }, Date.now()),
    { readOnly: false },
  );
  if (!added) {
    throw new Failure(`Cannot make a link: no card of "${client}" waits to be made`, {
      hint: `Is its order with home? If its card has called already: semeur reissue ${client}, then build it again`,
      exitCode: EXIT.usage,
    });
  }
  const url = `${downloads}/d/${capabilities.page}`;
  return { json: { client, url, expires: new Date(expires).toISOString() }, text: [url] };
}

function remove(session: Session, client: string, flags: StateFlags): Report {
  const folder = findStateFolder(session, flags);
  if (!withFleet(folder, (database) => removeLink(database, client), { readOnly: false })) {
    throw new Failure(`Cannot find a link of "${client}"`, { hint: 'See which there are: semeur home link list', exitCode: EXIT.usage });
  }
  return { json: { client }, text: [] };
}

function list(session: Session, flags: StateFlags): Report {
  const links = withFleet(findStateFolder(session, flags), listLinks).map(({ expires, ...link }) => ({
    ...link,
    expires: new Date(expires).toISOString(),
  }));
  return { json: { links }, text: links.map(({ client, order, expires }) => `${client}  ${order}  until ${expires}`) };
}
