import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');
const PATIENCE_MS = 20_000;

export const ENTER = '\r';
export const DOWN = '\x1b[B';
export const CTRL_C = '\x03';

export const semeur = (...args: readonly string[]) => [process.execPath, MAIN, ...args];

/** A program in a terminal of its own (script(1) makes one), as a person has it before them. */
export class Terminal {
  readonly #child: ChildProcess;
  readonly ended: Promise<number>;
  /** All that was written, control characters too. */
  raw = '';
  #seen = 0;
  #wake = () => {};

  constructor(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>, columns = 100) {
    const command = argv.map((word) => `'${word}'`).join(' ');
    this.#child = spawn('script', ['--quiet', '--flush', '--return', '--command', `stty cols ${columns} rows 40; exec ${command}`, '/dev/null'], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: cwd, TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.raw += text;
      this.#wake();
    });
    this.ended = new Promise((done) => this.#child.once('close', (code) => done(code ?? -1)));
    void this.ended.then(() => this.#wake());
  }

  /** The text as it is read, without colours and cursor movements; every space is one. */
  get text(): string {
    return stripVTControlCharacters(this.raw).replaceAll('\r', '').replaceAll('\u00a0', ' ');
  }

  /** Waits for something that was not waited for before. @param patience in milliseconds. */
  async see(wanted: string, patience = PATIENCE_MS): Promise<void> {
    const deadline = Date.now() + patience;
    for (;;) {
      const at = this.text.indexOf(wanted, this.#seen);
      if (at >= 0) {
        this.#seen = at + wanted.length;
        return;
      }
      if (this.#child.exitCode !== null || Date.now() > deadline) throw new Error(`"${wanted}" did not come:\n${this.text.slice(this.#seen)}`);
      await new Promise<void>((done) => {
        this.#wake = done;
        setTimeout(done, 1000);
      });
    }
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** One question after the other: what is seen, and the answer. */
  async answer(...turns: readonly (readonly [question: string, keys: string])[]): Promise<void> {
    for (const [question, keys] of turns) {
      await this.see(question);
      this.type(keys);
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
