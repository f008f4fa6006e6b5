import type { Architecture } from '../platform/architecture.ts';

/**
 * Whether native programs stand in for emulated ones while a card's packages are installed: only where this machine's processor is another than the
 * card's. One of the same kind runs each program of a card itself, and the stand-ins (sandbox/accelerate.sh) would be for another.
 */
export function hasAccelerator(architecture: Architecture, processor: string = process.arch): boolean {
  return processor !== architecture.processor;
}
