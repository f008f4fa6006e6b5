import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';

/** Stands for QEMU: says on its serial console what FAKE_CONSOLE has, then ends with FAKE_EXIT, or runs on if that is not set. */
const [path = ''] = /(?<=path=)[^,]+/.exec(process.argv.join(' ')) ?? [];
if (process.argv.includes('--version')) process.exit(0);
const pidFile = process.argv[process.argv.indexOf('-pidfile') + 1] ?? '';
writeFileSync(pidFile, `${process.pid}\n`);
const say = process.env['FAKE_CONSOLE'] ?? '';
const exit = process.env['FAKE_EXIT'];
const socket = connect(path, () => {
  socket.write(say, () => {
    if (exit !== undefined) socket.end(() => process.exit(Number(exit)));
  });
});
