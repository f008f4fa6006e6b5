/** Something in the workspace that must, or should, be put right. */
export interface Finding {
  /** Relative to the workspace, with "/". */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly level: 'error' | 'warning';
  readonly message: string;
  readonly hint?: string;
}
