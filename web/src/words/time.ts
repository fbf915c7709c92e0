// Times in the plant's zone. Instants are milliseconds since 1970 in UTC.

const made = new Map<string, Intl.DateTimeFormat>();

function shape(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let found = made.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
    made.set(key, found);
  }
  return found;
}

export const instant = (iso: string): number => Date.parse(iso);

export const hm = (ms: number, zone: string): string => shape(zone, { hour: "2-digit", minute: "2-digit" }).format(ms);

export const hms = (ms: number, zone: string): string =>
  shape(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);

/** Thu 18 Jun */
export const day = (ms: number, zone: string): string =>
  shape(zone, { weekday: "short", day: "numeric", month: "short" }).format(ms).replace(",", "");

export const dayTime = (ms: number, zone: string): string => `${day(ms, zone)} ${hm(ms, zone)}`;

export const dayYear = (ms: number, zone: string): string =>
  shape(zone, { day: "numeric", month: "short", year: "numeric" }).format(ms);

/** CEST */
export function zoneName(ms: number, zone: string): string {
  const parts = shape(zone, { timeZoneName: "short", hour: "2-digit" }).formatToParts(ms);
  return parts.find((p) => p.type === "timeZoneName")?.value ?? zone;
}

/** Wall clock at an instant, told as if it were UTC. */
export function wall(ms: number, zone: string): number {
  const parts = shape(zone, {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(ms);
  const get = (type: string): number => Number(parts.find((p) => p.type === type)?.value ?? 0);
  return Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second"));
}

/** The instant of a wall clock; in the hour that DST skips, the moment after it. */
export function fromWall(clock: number, zone: string): number {
  let guess = clock;
  for (let round = 0; round < 3; round += 1) guess += clock - wall(guess, zone);
  return guess;
}

export interface Tick {
  readonly at: number;
  readonly text: string;
  readonly midnight: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY];

/** Round local times in [start, end], at most `most` of them; `24:00` closes a whole local day, and over more than
 * a day and a half each midnight bears its date. */
export function timeTicks(start: number, end: number, zone: string, most: number): Tick[] {
  const step = STEPS.find((s) => (end - start) / s <= most) ?? 56 * DAY;
  const first = Math.ceil(wall(start, zone) / step) * step;
  const ticks: Tick[] = [];
  for (let clock = first; ticks.length < 400; clock += step) {
    const at = fromWall(clock, zone);
    if (at > end) break;
    if (at < start || at === ticks.at(-1)?.at) continue;
    const midnight = clock % DAY === 0;
    const closing = midnight && at === end && step < DAY;
    ticks.push({ at, midnight, text: closing ? "24:00" : step >= DAY || (midnight && end - start > 1.5 * DAY) ? day(at, zone) : hm(at, zone) });
  }
  return ticks;
}
