import type { Machine } from './start-machine.ts';

const CTRL_C = 0x03;

/** Puts a machine's console on this terminal until the machine ends, or Ctrl-C. On stderr: stdout is for what the verb reports. */
export async function attendTerminal({ console, ended, powerOff }: Machine): Promise<void> {
  const { stdin, stderr } = process;
  const type = (keys: Buffer) => {
    if (keys.includes(CTRL_C)) void powerOff();
    else if (console.writable) console.write(keys);
  };
  const show = (chunk: Buffer) => stderr.write(chunk);
  stderr.write('The console of the machine follows; Ctrl-C takes its power away\r\n');
  stdin.setRawMode?.(true);
  stdin.on('data', type);
  console.on('data', show);
  try {
    await ended;
  } finally {
    stdin.off('data', type);
    stdin.setRawMode?.(false);
    stdin.pause();
    stderr.write('\r\n');
  }
}
