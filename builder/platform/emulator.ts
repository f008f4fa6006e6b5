export const MACHINES = ['virt', 'raspi3b'] as const;
export type MachineName = (typeof MACHINES)[number];

/** One of QEMU's machines that a card can be tried on. */
export interface Emulator {
  /** QEMU's program for the processor. */
  readonly program: string;
  /** Debian has it in this package. */
  readonly package: string;
  /** QEMU's options for what the machine itself leaves open. */
  readonly hardware: readonly string[];
  /** The kernel is told to write here, which is the serial line that is listened to. */
  readonly console: string;
}
