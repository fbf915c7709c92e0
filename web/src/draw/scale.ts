// Scales and paths: the little that our charts need, so that a gap stays a gap and the zone stays the plant's.

export type Scale = (value: number) => number;

export function linear(from: readonly [number, number], to: readonly [number, number]): Scale {
  const span = from[1] - from[0] || 1;
  return (value) => to[0] + ((value - from[0]) / span) * (to[1] - to[0]);
}

/** Round numbers that cover [low, high], about `count` of them. */
export function roundTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 3, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999) ?? 10 * power;
  const ticks: number[] = [];
  for (let i = Math.floor(low / step + 1e-9); i * step <= high + step * 1e-6; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

export type Maybe = number | null | undefined;

const r = (value: number): string => (Math.round(value * 100) / 100).toString();

/** A line that is broken wherever a value is missing. */
export function linePath(x: readonly number[], y: readonly Maybe[], sx: Scale, sy: Scale): string {
  let path = "";
  let pen = false;
  for (let i = 0; i < x.length; i += 1) {
    const value = y[i];
    const at = x[i];
    if (value === null || value === undefined || at === undefined) {
      pen = false;
      continue;
    }
    const next = y[i + 1];
    const alone = !pen && (next === null || next === undefined);
    path += `${pen ? "L" : "M"}${r(sx(at))} ${r(sy(value))}${alone ? "h.01" : ""}`;
    pen = true;
  }
  return path;
}

/** A band between two lines, broken wherever either is missing. */
export function bandPath(x: readonly number[], low: readonly Maybe[], high: readonly Maybe[], sx: Scale, sy: Scale): string {
  let path = "";
  let run: [number, number, number][] = [];
  const close = (): void => {
    if (run.length > 1) {
      const up = run.map(([at, , h]) => `${r(sx(at))} ${r(sy(h))}`);
      const down = run.map(([at, l]) => `${r(sx(at))} ${r(sy(l))}`).reverse();
      path += `M${up.join("L")}L${down.join("L")}Z`;
    }
    run = [];
  };
  for (let i = 0; i < x.length; i += 1) {
    const [at, l, h] = [x[i], low[i], high[i]];
    if (at === undefined || l === null || l === undefined || h === null || h === undefined) close();
    else run.push([at, l, h]);
  }
  close();
  return path;
}

/** Smallest and largest of several series; null when all are gaps. */
export function extent(...series: readonly (readonly Maybe[])[]): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const values of series)
    for (const value of values)
      if (value !== null && value !== undefined && Number.isFinite(value)) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
  return low <= high ? [low, high] : null;
}

/** Index of the step that holds an instant; -1 outside. Steps are sorted. */
export function indexAt(at: readonly number[], when: number): number {
  let low = 0;
  let high = at.length - 1;
  if (high < 0 || when < (at[0] ?? 0)) return -1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((at[middle] ?? 0) <= when) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where the value leaves the band upwards: (value, high) with gaps inside the band. */
export function excess(value: readonly Maybe[], high: readonly Maybe[]): { top: Maybe[]; foot: Maybe[] } {
  const out = value.map((v, i) => {
    const h = high[i];
    return v !== null && v !== undefined && h !== null && h !== undefined && v > h;
  });
  // One step either side, so that the filled area meets the crossing.
  const near = out.map((o, i) => o || out[i - 1] === true || out[i + 1] === true);
  return {
    top: value.map((v, i) => (near[i] && v !== null && v !== undefined ? Math.max(v, high[i] ?? v) : null)),
    foot: high.map((h, i) => (near[i] ? h : null)),
  };
}
