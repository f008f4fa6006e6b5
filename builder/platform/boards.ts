export const BOARDS = ['pi3', 'pi4', 'pi5', 'zero2w'] as const;
export type Board = (typeof BOARDS)[number];

/** Which files of the boot partition are for which board. */
export interface BoardFiles {
  /** A file that no entry names may be read by every board. */
  readonly readers: readonly { readonly files: RegExp; readonly boards: readonly Board[] }[];
  /** A board starts only where there is a file for each of these. */
  readonly needs: Readonly<Partial<Record<Board, readonly RegExp[]>>>;
}
