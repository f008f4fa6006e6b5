import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startMachine } from '../../builder/try/start-machine.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { letFakeQemuSay, putFakeQemu } from './fake-machine.ts';

let folder: string;
let log: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-machine-'));
  log = join(folder, 'console.log');
  await putFakeQemu(folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  expect(await countFakes()).toBe(0);
  await rm(folder, { recursive: true });
});

/** Fakes of this test that still run: their disk names its folder. */
async function countFakes(): Promise<number> {
  const listing = String(await runCommand(['ps', '-eo', 'args']));
  return listing.split('\n').filter((line) => line.includes('fake-qemu.ts') && line.includes(folder)).length;
}

function start(says: string, exit?: number, signal = new AbortController().signal) {
  letFakeQemuSay(says, exit);
  const files = { kernel: '/k', initrd: '/i', dtb: undefined, isRaspberryPis: false, isSemeurCard: false };
  return startMachine(createQuietSession(signal), { machine: 'virt', files, disk: join(folder, 'disk.qcow2'), log });
}

describe('startMachine()', () => {
  it('waits for what the console says, and takes the power away', async () => {
    const machine = await start('[ 0.0] Linux version 6.12\r\n[ 1.0] systemd[1]: x\r\ndurand login: ');
    expect(await machine.waitFor('the login prompt', 20, ({ seconds }) => seconds.login !== null)).toMatchObject({ hostname: 'durand' });
    await machine.powerOff();
    await machine.ended;
    expect(await readFile(log, 'utf8')).toMatch(/] durand login: \n$/);
  });

  it('kills the machine by its process', async () => {
    const machine = await start('hello\r\n');
    await machine.waitFor('a greeting', 20, (_, line) => line === 'hello');
    expect(await countFakes()).toBe(1);
    await machine.kill();
    expect(await countFakes()).toBe(0);
    await machine.ended;
  });

  it('fails with the last lines when it takes too long', async () => {
    const machine = await start('one\r\ntwo\r\n');
    await machine.waitFor('the second line', 20, (_, line) => line === 'two');
    await expect(machine.waitFor('the login prompt', 0.2, () => false)).rejects.toThrow(
      'Cannot boot to the login prompt: it is not there after 0.2 s\n  one\n  two',
    );
    await machine.powerOff();
  });

  it('fails at once when the kernel panics or the machine ends', async () => {
    const panicking = await start('[ 2.0] Kernel panic - not syncing: no root\r\n');
    await expect(panicking.waitFor('the login prompt', 20, () => false)).rejects.toThrow('kernel panic (no root)\n  [ 2.0] Kernel panic');
    await panicking.powerOff();
    const ending = await start('bye\r\n', 0);
    await expect(ending.waitFor('the login prompt', 20, () => false)).rejects.toThrow('the machine ended before it\n  bye');
  });

  it('tells why QEMU failed', async () => {
    const machine = await start('', 1);
    await expect(machine.ended).rejects.toThrow(/exited with 1/);
  });

  it('is interrupted by the session, and leaves nothing', async () => {
    const interruption = new AbortController();
    const machine = await start('hello\r\n', undefined, interruption.signal);
    const waiting = expect(machine.waitFor('the login prompt', 20, () => false)).rejects.toMatchObject({ exitCode: 130 });
    await wait(50);
    interruption.abort();
    await waiting;
    await machine.powerOff();
  });
});
