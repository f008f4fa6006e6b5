/** A kind of processor that cards have, with what a machine of another kind needs to run their programs. */
export interface Architecture {
  /** Debian and the registries of containers give it this name. */
  readonly name: string;
  /** Node.js names it so, on a machine that has it. */
  readonly processor: NodeJS.Architecture;
  /** The kernel lists what runs its programs on another processor under this name (binfmt_misc). */
  readonly binfmt: string;
  /** A message calls a computer of a client so. */
  readonly computer: string;
}

export const arm64: Architecture = { name: 'arm64', processor: 'arm64', binfmt: 'qemu-aarch64', computer: 'a Pi' };
