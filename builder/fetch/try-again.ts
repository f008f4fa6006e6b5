/** What may pass by itself. */
export class TryAgain extends Error {
  readonly afterMs: number | undefined;

  constructor(reason: string, afterMs?: number) {
    super(reason);
    this.name = 'TryAgain';
    this.afterMs = afterMs;
  }
}
