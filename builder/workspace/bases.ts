import type { Profile } from './schema.ts';

interface BaseFacts {
  readonly boards: readonly Profile['boards'][number][];
  /** Whether this version of Semeur builds on it. */
  readonly there: boolean;
}

/** Debian 13's kernel (6.12) has no drivers for a Pi 5. */
export const BASE_FACTS: Readonly<Record<Profile['base'], BaseFacts>> = {
  'debian-arm64': { boards: ['pi3', 'pi4'], there: true },
  'raspios-lite-arm64': { boards: ['pi3', 'pi4', 'pi5'], there: false },
};
