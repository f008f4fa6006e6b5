export interface Slots {
  /** @returns what gives it back, once or more often; undefined when there is none left. */
  take(visitor: string): (() => void) | undefined;
}

/** So many at a time, of one visitor and of all. */
export function createSlots({ each, together }: { readonly each: number; readonly together: number }): Slots {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(visitor) {
      const own = taken.get(visitor) ?? 0;
      if (own >= each || all >= together) return undefined;
      taken.set(visitor, own + 1);
      all += 1;
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        all -= 1;
        const left = (taken.get(visitor) ?? 1) - 1;
        if (left === 0) taken.delete(visitor);
        else taken.set(visitor, left);
      };
    },
  };
}
