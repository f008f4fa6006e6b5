const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const POWERS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4 };

/**
 * Reads a size such as "500", "128MiB", "1.5 GiB" or "20G": units are powers of 1024, as the disk's own.
 * @returns whole bytes, or undefined when it isn't a size.
 */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b)?$/i.exec(text.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * 1024 ** (POWERS[match[2]?.toLowerCase() ?? ''] ?? 0));
}

/** For people: "1.5 GiB". */
export function formatByteSize(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power] ?? 'B'}`;
}
