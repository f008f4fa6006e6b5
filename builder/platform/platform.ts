import type { Architecture } from './architecture.ts';
import type { Board, BoardFiles } from './boards.ts';
import type { Emulator, MachineName } from './emulator.ts';

/** All that differs from one base to another: whoever must know it asks the record, and never the base's name. */
export type Platform = DebianPlatform | ImagePlatform;

/** A base that is made of Debian's packages. */
export interface DebianPlatform extends Facts {
  readonly origin: 'packages';
  /** The kernel, what the firmware needs to start it, and what makes the initramfs. */
  readonly bootPackages: readonly string[];
  /** The disk has an MBR with these two partitions, the second one as large as its content. */
  readonly disk: {
    /** FAT32; its label is the drop partition's. */
    readonly boot: { readonly start: number; readonly bytes: number; readonly clusterSectors: number; readonly isActive: boolean };
    /** Ext4; mke2fs's -O takes the features. */
    readonly root: { readonly start: number; readonly label: string; readonly features: string };
  };
}

/** A base that is taken out of an image, which also says how the disk is laid out, and what cards ask for packages. */
export interface ImagePlatform extends Facts {
  readonly origin: 'image';
  /** Its own kernel has no drivers for a machine that exists only in QEMU: there, this platform's stands in. */
  readonly trialKernel: DebianPlatform;
}

interface Facts {
  /** The name that a profile takes it by. */
  readonly base: string;
  readonly architecture: Architecture;
  /** The computers that it runs on. */
  readonly boards: readonly Board[];
  readonly boardFiles: BoardFiles;
  /** Overlays that every card of it has besides those of all cards. */
  readonly overlays: readonly string[];
  /** The partition that any computer shows, where a person may drop a seed: its label, and where the card mounts it. */
  readonly dropPartition: { readonly label: string; readonly mount: string };
  /** Linux's name of the green light that tells how the card is, if the computer has one. */
  readonly light: string | undefined;
  /** The machines of QEMU that start it. */
  readonly emulators: Readonly<Partial<Record<MachineName, Emulator>>>;
}
