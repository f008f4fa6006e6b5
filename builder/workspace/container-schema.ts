import { z } from 'zod';
import { refuseSeedPath } from './rules/card-paths.ts';
import { insidePath, numbers, refuseImage, refuseLicence, refuseVolume } from './rules/containers.ts';
import { matching, ruled } from './rules/rule.ts';

/** Each lets a program do one thing of root's within its container, and nothing to the card: those that podman gives to all unasked. */
const CAPABILITIES = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
] as const;

/** `container:` of an overlay.yaml. */
export const containerSchema = z.strictObject({
  image: ruled(refuseImage).describe('`HOST/NAME@sha256:DIGEST`; a name alone, where each workspace pins it under `images:` in semeur.yaml'),
  licence: ruled(refuseLicence).describe('Of the program in it, as SPDX calls it; free ones only'),
  port: z.int().min(1).max(65535).describe('Where the program listens, in a network of its own'),
  publish: z.int().min(1024).max(65535).describe('Where the front door finds it: this port of 127.0.0.1, and no other address'),
  environment: z
    .record(matching(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and "_"'), z.string().max(1000))
    .default({})
    .describe("Variables, beside the image's own"),
  settings: ruled(refuseSeedPath).describe('The `to` of a template that writes more of them, NAME=VALUE a line').optional(),
  volumes: z
    .array(
      z.strictObject({
        from: ruled(refuseVolume).describe('A folder of the card, made when it is missing'),
        to: insidePath().describe('Where the program sees it; everything else it can only read'),
        owner: numbers().default('0:0').describe('"user:group", by number, of the container'),
      }),
    )
    .default([])
    .describe('What the program may write, and keeps'),
  scratch: z.array(insidePath()).default([]).describe('Folders that it may write and that are empty at each start, in memory; /tmp is one'),
  capabilities: z.array(z.enum(CAPABILITIES)).default([]).describe("What it may do of root's; without them, nothing"),
});
