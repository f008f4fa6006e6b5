import { text as readText } from 'node:stream/consumers';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { NewClient } from '../../builder/workspace/render-client.ts';
import { LANGUAGES } from '../../builder/workspace/schema.ts';
import { EXIT, Failure } from '../../kit/failure.ts';

type Settings = NewClient['settings'] & {};

export interface ClientOptions {
  readonly name?: string;
  readonly profile?: string;
  readonly language?: string;
  readonly hostname?: string;
  readonly timezone?: string;
  readonly phone?: string;
  readonly notes?: string;
  readonly set?: Settings;
  readonly wifiSsid?: string;
  readonly wifiCountry?: string;
  readonly wifiPasswordStdin?: boolean;
}

/** What a client's file can say, as flags. */
export function addClientOptions(command: Command): Command {
  return command
    .option('--name <name>', 'as people read it')
    .option('--profile <profile>', 'what their card is (default: the only profile)')
    .addOption(new Option('--language <language>', "of their pages and leaflet (default: the operator's)").choices([...LANGUAGES]))
    .option('--hostname <name>', 'of their Pi (default: the short name)')
    .option('--timezone <zone>', "theirs (default: the operator's)")
    .option('--phone <number>', 'where you reach them: on their leaflet and on the fleet page')
    .option('--notes <text>', 'what you are to know of them: on the fleet page')
    .option('--set <service.key=text>', 'what one of their services says or does; as often as needed', addSetting)
    .option('--wifi-ssid <name>', 'the name of their network, only where no cable can reach')
    .option('--wifi-country <country>', 'which radio rules apply, such as FR')
    .option('--wifi-password-stdin', "the network's password is the first line of stdin");
}

function addSetting(text: string, before: Settings = {}): Settings {
  const [, service, key, value] = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(text) ?? [];
  if (service === undefined || key === undefined || value === undefined) throw new InvalidArgumentError('Write it as SERVICE.KEY=TEXT.');
  return { ...before, [service]: { ...before[service], [key]: value } };
}

/** The flags, as a client's file has them. */
export async function readClientOptions({ set, wifiSsid, wifiCountry, wifiPasswordStdin, ...fields }: ClientOptions) {
  const wifi =
    wifiSsid === undefined
      ? undefined
      : { ssid: wifiSsid, password: await readPassword(wifiPasswordStdin), country: (wifiCountry ?? 'FR').toUpperCase() };
  if (!wifi && (wifiCountry !== undefined || wifiPasswordStdin)) {
    throw new Failure('Cannot set up Wi-Fi: no network was named', { hint: 'Name it with --wifi-ssid', exitCode: EXIT.usage });
  }
  return { ...fields, ...(set ? { settings: set } : {}), ...(wifi ? { wifi } : {}) };
}

async function readPassword(isGiven = false): Promise<string> {
  if (isGiven) return (await readText(process.stdin)).split(/\r?\n/, 1)[0] ?? '';
  throw new Failure('Cannot set up Wi-Fi: its password was not given', {
    hint: 'Give it on stdin, with --wifi-password-stdin',
    exitCode: EXIT.usage,
  });
}
