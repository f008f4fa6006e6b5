import type { Finding } from './finding.ts';
import type { Overlay } from './overlay-schema.ts';
import type { Client, Operator, Profile } from './schema.ts';

/** An overlay and the folder that holds its overlay.yaml, templates and files/. */
export type LoadedOverlay = Overlay & { readonly folder: string };

/** A workspace without errors: everything that one part names in another is there. */
export interface LoadedWorkspace {
  readonly folder: string;
  readonly operator: Operator;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly clients: ReadonlyMap<string, Client>;
  /** Shipped ones, "card" and "firstboot" too. */
  readonly overlays: ReadonlyMap<string, LoadedOverlay>;
  /** Warnings: what can't work out there, and does for a try. */
  readonly doubts: readonly Finding[];
}
