import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Lane, Load } from "../api/types.ts";
import { fixed, three } from "../words/format.ts";
import { dayTime, hm, instant, timeTicks } from "../words/time.ts";
import { point, useMoment } from "./cursor.ts";
import { Hatch } from "./marks.tsx";
import type { Behind } from "./panel.tsx";
import { useWidth } from "./panel.tsx";
import { bandPath, extent, indexAt, linePath, linear, roundTicks } from "./scale.ts";
import type { Scale } from "./scale.ts";

const LEFT = 34;
const LANE = 15;
const PLOT = 132;
const FOOT = 22;
/** A newest value that is older is not told as now: the steps are quarters of an hour. */
const OLD_MS = 45 * 60_000;

export function loadBehind(load: Load): Behind {
  return {
    name: "load-today",
    head: ["Time (UTC)", `Actual, ${load.unit}`, "Low", "Expected", "High", "Forecast", "Forecast 50 % low", "Forecast 50 % high", "Forecast 80 % low", "Forecast 80 % high"],
    rows: () =>
      load.at.map((at, i) => [
        at, load.actual[i] ?? null, load.low[i] ?? null, load.expected[i] ?? null, load.high[i] ?? null,
        load.forecast[i] ?? null, load.forecast_near_low[i] ?? null, load.forecast_near_high[i] ?? null, load.forecast_low[i] ?? null, load.forecast_high[i] ?? null,
      ]),
  };
}

/** Today's bought power against expected, under the lanes of tariff and grid carbon. */
export function LoadChart({ load, zone, currency, now }: { load: Load; zone: string; currency: string; now: string }): JSX.Element {
  const [box, width] = useWidth();
  if (!load.at.length) return <p class="empty">No load yet. It fills with the first minute from the meter of bought power.</p>;
  return (
    <div ref={box}>
      {width > 0 && <Drawn load={load} zone={zone} currency={currency} now={instant(now)} width={width} />}
      <Bands load={load} />
    </div>
  );
}

/** What line and bands mean, in words. */
function Bands({ load }: { load: Load }): JSX.Element {
  const told = load.forecast.some((v) => v !== null);
  const expected = load.expected.some((v) => v !== null);
  return (
    <ul class="legend bands grey">
      <li><span class="swatch was" />measured</li>
      {expected && <li><span class="swatch meant" />expected for this work</li>}
      {told && <li><span class="swatch middle" />forecast</li>}
      {told && <li><span class="swatch near" />comes to lie here every second time (50 %)</li>}
      {told && <li><span class="swatch far" />or here: 4 times in 5 (80 %)</li>}
    </ul>
  );
}

interface DrawnProps {
  load: Load;
  zone: string;
  currency: string;
  now: number;
  width: number;
}

function Drawn({ load, zone, currency, now, width }: DrawnProps): JSX.Element {
  const [start, end] = [instant(load.start), instant(load.end)];
  const lanes = [
    { unit: currency, rows: load.tariff },
    { unit: "g", rows: load.carbon },
  ].filter((l) => l.rows.length);
  const top = lanes.length * (LANE + 2) + 14;
  const made = useMemo(() => {
    const x = load.at.map(instant);
    const range = extent(load.actual, load.high, load.forecast_high, [load.contract_kw ?? 0]);
    const most = roundTicks(0, (range?.[1] ?? 1) * 1.06, 4).at(-1) ?? 1;
    const high = Math.max((range?.[1] ?? 1) * 1.1, most);
    const sx = linear([start, end], [LEFT, width]);
    const sy = linear([0, high], [top + PLOT, top]);
    return { x, sx, sy, ticks: roundTicks(0, high, 4) };
  }, [load, width, start, end, top]);
  const { x, sx, sy } = made;
  const last = load.actual.findLastIndex((v) => v !== null);
  const lastValue = load.actual[last] ?? null;
  const height = top + PLOT + FOOT;
  const spanned = (g: { start: string; end: string }): number => instant(g.end) - instant(g.start);
  const longest = load.gaps.reduce<number>((best, g, i) => (best < 0 || spanned(g) >= spanned(load.gaps[best] ?? g) ? i : best), -1);
  const lastAt = x[last] ?? now;
  const old = now - lastAt > OLD_MS;
  const lastX = old ? sx(lastAt) : sx(Math.min(end, Math.max(start, now)));
  const nowX = sx(Math.min(end, Math.max(start, now)));
  const move = (event: PointerEvent): void => {
    const left = (event.currentTarget as Element).getBoundingClientRect().left;
    const at = start + ((event.clientX - left - LEFT) / (width - LEFT)) * (end - start);
    point(at >= start && at <= end ? at : null);
  };
  return (
    <svg class="chart load" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${load.title}. The table behind this chart has the figures.`} onPointerMove={move} onPointerLeave={() => point(null)}>
      <Hatch id="load-hatch" />
      {lanes.map((lane, i) => <LaneRow key={lane.unit} rows={calm(lane.rows)} unit={lane.unit} y={i * (LANE + 2)} sx={sx} zone={zone} range={[start, end]} foot={i === 0 ? [top, PLOT] : null} />)}
      <text x={LEFT - 8} y={top - 3} text-anchor="end" class="grey-text">{load.unit}</text>
      {made.ticks.map((t) => (
        <g key={t}>
          <line class={t === 0 ? "axis" : "grid"} x1={LEFT} x2={width} y1={sy(t)} y2={sy(t)} />
          <text x={LEFT - 8} y={sy(t) + 4} text-anchor="end" class="grey-text">{fixed(t, 0)}</text>
        </g>
      ))}
      <path class="band" d={bandPath(x, load.low, load.high, sx, sy)} />
      <path class="fan" d={bandPath(x, load.forecast_low, load.forecast_high, sx, sy)} />
      <path class="fan near" d={bandPath(x, load.forecast_near_low, load.forecast_near_high, sx, sy)} />
      <path class="line dotted" d={linePath(x, load.forecast, sx, sy)} />
      {nowX < width - 130 && load.forecast.every((v) => v === null) && <text class="grey-text" x={width - 6} y={top + PLOT - 8} text-anchor="end">no forecast yet</text>}
      {load.gaps.map((g, i) => (
        <g key={g.start}>
          <rect x={sx(instant(g.start))} y={top} width={Math.max(3, sx(instant(g.end)) - sx(instant(g.start)))} height={PLOT} fill="url(#load-hatch)" />
          {i === longest && <Label x={sx(instant(g.end)) + 6} start={sx(instant(g.start)) - 6} y={top + PLOT - 8} text={g.text} max={nowX} />}
        </g>
      ))}
      {load.contract_kw !== null && (
        <g>
          <line class="limit" x1={LEFT} x2={width} y1={sy(load.contract_kw)} y2={sy(load.contract_kw)} />
          <text class="text-act" x={LEFT + 4} y={sy(load.contract_kw) - 5}>{`Contract limit ${three(load.contract_kw)} ${load.unit}`}</text>
        </g>
      )}
      <path class="line" d={linePath(x, load.actual, sx, sy)} />
      <Peak load={load} x={x} sx={sx} sy={sy} width={width} />
      {now >= start && now <= end && <line class="now" x1={nowX} x2={nowX} y1={top} y2={top + PLOT} />}
      {lastValue !== null && (
        <g>
          <circle class="now-dot" cx={sx(x[last] ?? now)} cy={sy(lastValue)} r={4} />
          <text class="strong halo" x={lastX + (lastX > width - 120 ? -8 : 8)} text-anchor={lastX > width - 120 ? "end" : "start"} y={sy(lastValue) - 10}>{`${three(lastValue)} ${load.unit} ${old ? `at ${hm(lastAt, zone)}` : "now"}`}</text>
        </g>
      )}
      {timeTicks(start, end, zone, width < 500 ? 5 : 9).map((t) => (
        <text key={t.at} x={sx(t.at)} y={height - 4} text-anchor={t.at === start ? "start" : t.at === end ? "end" : "middle"} class="grey-text">{t.text}</text>
      ))}
      <Pointed load={load} x={x} sx={sx} zone={zone} top={top} width={width} />
    </svg>
  );
}

function Label({ x, start, y, text, max }: { x: number; start: number; y: number; text: string; max: number }): JSX.Element {
  const flip = x + text.length * 6.2 > max;
  return <text x={flip ? start : x} y={y} text-anchor={flip ? "end" : "start"} class="grey-text halo">{text}</text>;
}

interface LaneProps {
  rows: readonly Lane[];
  unit: string;
  y: number;
  sx: Scale;
  zone: string;
  range: readonly [number, number];
  /** Where the dearest stretches shade the plot below: y and height. */
  foot: readonly [number, number] | null;
}

const STRETCHES = 10;
const CLOSE = 0.14;

/** Many short stretches in a row: neighbours that differ little stand as one with their mean. */
function calm(rows: readonly Lane[]): readonly Lane[] {
  if (rows.length <= STRETCHES) return rows;
  const values = rows.map((r) => r.value);
  const near = (Math.max(...values) - Math.min(...values)) * CLOSE;
  const runs: Lane[][] = [];
  for (const row of rows) {
    const run = runs.at(-1);
    const all = [...(run ?? []), row].map((r) => r.value);
    if (run && Math.max(...all) - Math.min(...all) <= near) run.push(row);
    else runs.push([row]);
  }
  const size = (r: Lane): number => instant(r.end) - instant(r.start);
  return runs.flatMap((run) => {
    const [first, last] = [run[0], run.at(-1)];
    if (!first || !last) return [];
    const whole = run.reduce((sum, r) => sum + size(r), 0);
    return [{ start: first.start, end: last.end, value: run.reduce((sum, r) => sum + r.value * size(r), 0) / whole }];
  });
}

function LaneRow({ rows, unit, y, sx, zone, range, foot }: LaneProps): JSX.Element {
  const values = rows.map((r) => r.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const depth = (v: number): number => (high > low ? (v - low) / (high - low) : 0.3);
  return (
    <g>
      <text x={LEFT - 8} y={y + 12} text-anchor="end" class="grey-text">{unit}</text>
      {rows.map((r) => {
        const [a, b] = [sx(Math.max(range[0], instant(r.start))), sx(Math.min(range[1], instant(r.end)))];
        const text = three(r.value);
        return (
          <g key={r.start}>
            <rect class="lane" x={a} y={y} width={Math.max(0, b - a - 1)} height={LANE} fill-opacity={0.06 + 0.16 * depth(r.value)} />
            {b - a > text.length * 6.5 + 4 && <text x={(a + b) / 2} y={y + 12} text-anchor="middle">{text}</text>}
            <title>{`${hm(instant(r.start), zone)}–${hm(instant(r.end), zone)}: ${text}`}</title>
            {foot && depth(r.value) > 0.45 && <rect class="lane" x={a} y={foot[0]} width={Math.max(0, b - a)} height={foot[1]} fill-opacity={0.055 * depth(r.value)} />}
          </g>
        );
      })}
    </g>
  );
}

/** The forecast's peak, when it passes the contract. */
function Peak({ load, x, sx, sy, width }: { load: Load; x: number[]; sx: Scale; sy: Scale; width: number }): JSX.Element | null {
  let best = -1;
  load.forecast.forEach((v, i) => {
    if (v !== null && (best < 0 || v > (load.forecast[best] ?? 0))) best = i;
  });
  const value = load.forecast[best] ?? null;
  if (value === null || load.contract_kw === null || value <= load.contract_kw) return null;
  const px = sx(x[best] ?? 0);
  return (
    <g>
      <circle class="peak" cx={px} cy={sy(value)} r={4.5} />
      <text class="strong text-act" x={Math.min(px, width - 30)} y={sy(value) - 10} text-anchor="middle">{`${three(value)} ${load.unit}`}</text>
    </g>
  );
}

function Pointed({ load, x, sx, zone, top, width }: { load: Load; x: number[]; sx: Scale; zone: string; top: number; width: number }): JSX.Element | null {
  const moment = useMoment();
  if (moment === null) return null;
  const i = indexAt(x, moment);
  const at = x[i];
  if (at === undefined) return null;
  const value = load.actual[i] ?? load.forecast[i] ?? null;
  const [low, high] = load.actual[i] !== null && load.actual[i] !== undefined ? [load.low[i], load.high[i]] : [load.forecast_low[i], load.forecast_high[i]];
  const range = low !== null && low !== undefined && high !== null && high !== undefined ? `, expected ${three(low)}–${three(high)}` : "";
  const text = `${dayTime(at, zone)}  ${value === null ? "no data" : `${three(value)} ${load.unit}`}${range}`;
  return <Flag x={sx(at)} y={top} height={PLOT} text={text} width={width} />;
}

/** The moment under the pointer: a thin line and its figures on the ground colour. */
export function Flag({ x, y, height, text, width }: { x: number; y: number; height: number; text: string; width: number }): JSX.Element {
  const wide = text.length * 6.3 + 12;
  const left = Math.max(0, Math.min(x - wide / 2, width - wide));
  return (
    <g class="flag" pointer-events="none">
      <line x1={x} x2={x} y1={y} y2={y + height} />
      <rect x={left} y={y + height - 20} width={wide} height={18} rx={2} />
      <text x={left + wide / 2} y={y + height - 7} text-anchor="middle">{text}</text>
    </g>
  );
}
