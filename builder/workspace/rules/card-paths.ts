import { posix } from 'node:path';
import type { z } from 'zod';
import { PLATFORMS } from '../../platform/platforms.ts';
import { matching, type Rule } from './rule.ts';

/** Seed format 1: a file's name in the seed is "settings" and its path on the card. */
const SEED_NAME_BYTES = 100;
/** What is there when the card runs isn't the root file system's. */
const HIDDEN = [...new Set(PLATFORMS.map(({ dropPartition }) => dropPartition.mount)), '/dev', '/proc', '/run', '/sys', '/tmp'];
/** Links to the same names in /usr: a folder in their place would break the system. */
const MERGED = ['/bin', '/lib', '/lib64', '/sbin'];

/** A file of the root file system. */
export const refuseCardPath: Rule = (value) => {
  if (!value.startsWith('/')) return { message: 'Expected an absolute path on the card', hint: `Such as "/etc/${value.replace(/^(\.*\/)+/, '')}"` };
  if (value.endsWith('/') || posix.normalize(value) !== value)
    return { message: 'Expected the path of a file, with no "..", ".", "//", or "/" at its end' };
  const merged = MERGED.find((folder) => value.startsWith(`${folder}/`));
  if (merged) return { message: `Cannot write below "${merged}": it is a link`, hint: `Write "/usr${value}"` };
  const hidden = HIDDEN.find((folder) => value.startsWith(`${folder}/`));
  if (hidden) return { message: `Cannot write below "${hidden}": something else is mounted there when the card runs` };
  return undefined;
};

/** A file that seeds bring. */
export const refuseSeedPath: Rule = (value) => {
  const refusal = refuseCardPath(value);
  if (refusal) return refusal;
  if (!/^[A-Za-z0-9._@/-]+$/.test(value)) return { message: 'Expected a path of unaccented letters, digits and ". _ @ / -", as seeds take' };
  const bytes = `settings${value}`.length;
  return bytes > SEED_NAME_BYTES
    ? { message: `Expected a path of at most ${SEED_NAME_BYTES - 'settings'.length} characters, as seeds take; found ${value.length}` }
    : undefined;
};

/** A file that a service writes while the card runs. */
export const refuseStatusPath: Rule = (value) =>
  /^\/(?:var\/lib|run)\/[A-Za-z0-9._@/-]{1,200}$/.test(value) && !value.endsWith('/') && posix.normalize(value) === value
    ? undefined
    : { message: 'Expected a file below "/var/lib" or "/run", of unaccented letters, digits and ". _ @ / -"' };

/** A template, beside overlay.yaml. */
export const refuseTemplatePath: Rule = (value) => {
  const inside = !posix.isAbsolute(value) && posix.normalize(value) === value && value !== '..' && !value.startsWith('../');
  if (!inside) return { message: 'Expected the path of a template inside the overlay' };
  return value.endsWith('.hbs') ? undefined : { message: 'Expected the path of a Handlebars template, which ends with ".hbs"' };
};

export function mode(): z.ZodString {
  return matching(/^0[0-7]{3}$/, 'a mode of four octal digits in quotes, such as "0644"');
}

export function owner(): z.ZodString {
  return matching(/^[a-z_][a-z0-9_-]{0,31}:[a-z_][a-z0-9_-]{0,31}$/, 'a user and a group, such as "root:root"');
}

/** Systemd.unit(5): unit names. */
export function unit(): z.ZodString {
  return matching(
    /^[A-Za-z0-9:_.@\\-]{1,200}\.(automount|mount|path|service|slice|socket|swap|target|timer)$/,
    'the name of a systemd unit, such as "caddy.service"',
  );
}
