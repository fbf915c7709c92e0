import { useEffect, useState } from "preact/hooks";

// One moment under the pointer, marked on every chart of the page.

let moment: number | null = null;
const listeners = new Set<() => void>();

export function point(at: number | null): void {
  if (at === moment) return;
  moment = at;
  for (const listener of listeners) listener();
}

export function useMoment(): number | null {
  const [, redraw] = useState(0);
  useEffect(() => {
    const changed = (): void => redraw((n) => n + 1);
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
  return moment;
}
