import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Level, Mark, Span, StateSpan, Trace } from "../api/types.ts";
import { fixed, three } from "../words/format.ts";
import { dayTime, hm, instant, timeTicks } from "../words/time.ts";
import { point, useMoment } from "./cursor.ts";
import { Hatch } from "./marks.tsx";
import type { Behind } from "./panel.tsx";
import { useWidth } from "./panel.tsx";
import { bandPath, excess, extent, indexAt, linePath, linear, roundTicks } from "./scale.ts";
import type { Scale } from "./scale.ts";

// Small multiples on one time axis. Every picture of a page shares LEFT, so that one change mark runs through all.

const LEFT = 126;
const LEFT_NAMED = 158;
const LEFT_TIGHT = 40;
const TIGHT = 560;
const AXIS = 24;

export interface Frame {
  readonly start: number;
  readonly end: number;
  readonly zone: string;
}

interface StripsProps {
  traces: readonly Trace[];
  frame: Frame;
  marks: readonly Mark[];
  gaps: readonly Span[];
  /** Height of the first and of the other plots [px]. */
  heights: readonly [number, number];
  /** The first picture is an amount: it begins at zero, and the title of the panel names it. */
  amountFirst?: boolean;
  name: string;
}

/** Digits that a CSV needs; 2.3000000000000003 is 2.3. */
const plain = (value: number | null | undefined): number | null => (value === null || value === undefined ? null : Number(value.toPrecision(9)));

/** One row a time, one value with its band a signal. */
export function tracesBehind(name: string, traces: readonly Trace[], frame: Frame): Behind {
  const [start, end] = [new Date(frame.start).toISOString(), new Date(frame.end).toISOString()];
  const step = Math.max(1, Math.round((frame.end - frame.start) / 1000 / 1440 / 60)) * 60;
  return {
    name,
    head: ["Time (UTC)", ...traces.flatMap((t) => [`${t.name}, ${t.unit}`, "expected low", "expected high"])],
    rows: () => {
      const places = traces.map((t) => new Map(t.at.map((at, i) => [at, i])));
      const times = [...new Set(traces.flatMap((t) => t.at))].sort();
      return times.map((at) => [
        at,
        ...traces.flatMap((t, k) => {
          const i = places[k]?.get(at) ?? -1;
          return [plain(t.value[i]), plain(t.low[i]), plain(t.high[i])];
        }),
      ]);
    },
    address: `/api/v1/series.csv?signals=${encodeURIComponent(traces.map((t) => t.signal).join(","))}&start=${start}&end=${end}&step=${step}`,
  };
}

export function Strips(props: StripsProps): JSX.Element {
  const [box, width] = useWidth();
  return <div ref={box}>{width > 0 && <Drawn {...props} width={width} />}</div>;
}

function Drawn({ traces, frame, marks, gaps, heights, amountFirst = false, name, width }: StripsProps & { width: number }): JSX.Element {
  const tight = width < TIGHT;
  const left = tight ? LEFT_TIGHT : amountFirst ? LEFT : LEFT_NAMED;
  const tops: number[] = [];
  // On a narrow screen the words of the marks get a line of their own above the names.
  let y = tight && !amountFirst && marks.some((m) => m.text) ? 30 : 16;
  traces.forEach((_, i) => {
    y += tight && !(amountFirst && i === 0) ? 20 : 0;
    tops.push(y);
    y += (heights[i === 0 ? 0 : 1] ?? 40) + 14;
  });
  const bottom = y - 8;
  const height = bottom + AXIS;
  const sx = linear([frame.start, frame.end], [left, width]);
  const summary = traces.map((t) => `${t.name} ${t.digits} ${t.unit}${t.expected ? `, ${t.expected}` : ""}`).join("; ");
  return (
    <svg class="chart strips" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${name}. ${summary}`} onPointerMove={(e) => follow(e, left, width, frame)} onPointerLeave={() => point(null)}>
      <Hatch id={`hatch-${name}`} />
      {traces.map((trace, i) => {
        const tall = heights[i === 0 ? 0 : 1] ?? 40;
        return <Strip key={trace.signal} trace={trace} frame={frame} sx={sx} top={tops[i] ?? 0} tall={tall} left={left} width={width} label={!(amountFirst && i === 0)} tight={tight} fromZero={amountFirst && i === 0} />;
      })}
      {gaps.map((gap, i) => <Gap key={gap.start} gap={gap} sx={sx} top={16} bottom={bottom} hatch={`hatch-${name}`} width={width} last={i === gaps.length - 1} frame={frame} />)}
      {marks.map((m) => <MarkLine key={m.at + m.text} mark={m} sx={sx} top={8} bottom={bottom} width={width} frame={frame} />)}
      <TimeAxis frame={frame} sx={sx} y={bottom} left={left} width={width} />
      <Moment frame={frame} sx={sx} traces={traces} tops={tops} bottom={bottom} width={width} />
    </svg>
  );
}

function follow(event: PointerEvent, left: number, width: number, frame: Frame): void {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  const at = frame.start + ((event.clientX - box.left - left) / (width - left)) * (frame.end - frame.start);
  point(at >= frame.start && at <= frame.end ? at : null);
}

interface StripProps {
  trace: Trace;
  frame: Frame;
  sx: Scale;
  top: number;
  tall: number;
  left: number;
  width: number;
  label: boolean;
  tight: boolean;
  fromZero: boolean;
}

const loudClass = (level: Level): string => (level === "act" || level === "watch" ? `strong text-${level}` : "grey-text");

function Strip({ trace, sx, top, tall, left, width, label, tight, fromZero }: StripProps): JSX.Element {
  const made = useMemo(() => {
    const x = trace.at.map(instant);
    const range = extent(trace.value, trace.low, trace.high);
    const [low, high] = range ?? [0, 1];
    const big = tall >= 60;
    const span = high - low || Math.abs(high) * 0.1 || 1;
    // A low strip keeps room above for its expected range in words.
    const [under, pad] = big ? [span * 0.08, span * 0.08] : [span * 0.15, span * 0.55];
    let ticks = roundTicks(fromZero ? Math.min(0, low) : low - under, high + pad, big ? 3 : 1);
    const foot = fromZero ? Math.min(0, low) : low - under;
    const sy = linear([foot, high + pad], [top + tall, top]);
    ticks = ticks.filter((t) => t >= foot - 1e-9 && t <= high + pad);
    return { x, sy, ticks, over: excess(trace.value, trace.high), empty: !range };
  }, [trace, sx, top, tall, fromZero]);
  const { x, sy } = made;
  const big = tall >= 60;
  const lines = big ? wrapped(trace.name, left - 34) : [cut(trace.name, left - 8)];
  const under = 16 * (lines.length - 1);
  const usual = tight || !big ? expectedText(trace, tight ? width : Infinity) : "";
  const tickPlaces = Math.max(0, ...made.ticks.map((t) => (String(t).split(".")[1] ?? "").length));
  return (
    <g>
      {big ? (
        made.ticks.map((t) => (
          <g key={t}>
            <line class={t === 0 ? "axis" : "grid"} x1={left} x2={width} y1={sy(t)} y2={sy(t)} />
            <text x={left - 8} y={sy(t) + 4} text-anchor="end" class="grey-text">{fixed(t, tickPlaces)}</text>
          </g>
        ))
      ) : (
        <line class="grid" x1={left} x2={width} y1={top + tall + 5} y2={top + tall + 5} />
      )}
      <path class="band" d={bandPath(x, trace.low, trace.high, sx, sy)} />
      {(fromZero || trace.signal.endsWith(".power")) && (trace.level === "act" || trace.level === "watch") && <path class={`over ${trace.level}`} d={bandPath(x, made.over.foot, made.over.top, sx, sy)} />}
      <path class="line" d={linePath(x, trace.value, sx, sy)} />
      {label && (tight ? (
        <text x={0} y={top - 6}>
          <tspan class="strong">{trace.name}</tspan> <tspan dx="6" class={loudClass(trace.level)}>{trace.digits} {trace.unit}</tspan>
        </text>
      ) : (
        <>
          <text class="strong">{lines.map((t, i) => <tspan key={t} x={0} y={top + 12 + 16 * i}>{t}</tspan>)}<title>{trace.name}</title></text>
          <text x={0} y={top + 28 + under} class={loudClass(trace.level)}>{trace.digits} {trace.unit}</text>
          {big && trace.expected && <text x={0} y={top + 44 + under} class="grey-text">{trace.expected.replace(/^expected /, "")}</text>}
        </>
      ))}
      {label && usual && <text x={tight ? width : left + 6} y={tight ? top - 6 : top + 7} text-anchor={tight ? "end" : "start"} class="grey-text halo">{usual}</text>}
      {made.empty && <text x={(left + width) / 2} y={top + tall / 2 + 4} text-anchor="middle" class="grey-text">no data in this time</text>}
    </g>
  );
}

/** What is usual in words, as far as there is room for it beside name and value; the table has it in any case. */
function expectedText(trace: Trace, room: number): string {
  if (!trace.expected) return "";
  const range = trace.expected.replace(/^expected /, "");
  const used = trace.name.length + trace.digits.length + trace.unit.length + 5;
  return [`expected ${range}`, range].find((t) => (used + t.length) * 6.4 <= room) ?? "";
}

/** A name in at most two lines. */
function wrapped(text: string, room: number): string[] {
  const most = Math.floor(room / 6.1);
  if (text.length <= most) return [text];
  const at = text.lastIndexOf(" ", most);
  return at > 0 ? [text.slice(0, at), cut(text.slice(at + 1), room)] : [cut(text, room)];
}

function cut(text: string, room: number): string {
  const most = Math.floor(room / 6.1);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function Gap({ gap, sx, top, bottom, hatch, width, last, frame }: { gap: Span; sx: Scale; top: number; bottom: number; hatch: string; width: number; last: boolean; frame: Frame }): JSX.Element | null {
  const [a, b] = [Math.max(instant(gap.start), frame.start), Math.min(instant(gap.end), frame.end)];
  if (b <= a) return null;
  const wide = Math.max(4, sx(b) - sx(a));
  const room = gap.text.length * 6.2;
  const inside = wide > room + 8;
  const flip = sx(b) + room + 8 > width;
  return (
    <g>
      <rect x={sx(a)} y={top} width={wide} height={bottom - top} class="gap" fill={`url(#${hatch})`} />
      {gap.text && (inside || last) && (
        <text class="grey-text halo" x={inside ? sx(a) + wide / 2 : flip ? sx(a) - 6 : sx(b) + 6} y={bottom - 10} text-anchor={inside ? "middle" : flip ? "end" : "start"}>{gap.text}</text>
      )}
    </g>
  );
}

function MarkLine({ mark, sx, top, bottom, width, frame }: { mark: Mark; sx: Scale; top: number; bottom: number; width: number; frame: Frame }): JSX.Element | null {
  const at = instant(mark.at);
  if (at < frame.start || at > frame.end) return null;
  const x = sx(at);
  const room = mark.text.length * 6.6;
  const side = x + room <= width ? "right" : room <= x ? "left" : "over";
  return (
    <g>
      <line class={`change stroke-${mark.level}`} x1={x} x2={x} y1={top} y2={bottom} />
      {mark.text && <text class={`strong halo text-${mark.level}`} x={side === "right" ? x + 6 : side === "left" ? x - 6 : 0} y={top + 6} text-anchor={side === "left" ? "end" : "start"}>{mark.text}</text>}
    </g>
  );
}

export function TimeAxis({ frame, sx, y, left, width }: { frame: Frame; sx: Scale; y: number; left: number; width: number }): JSX.Element {
  const most = Math.max(3, Math.min(9, Math.floor((width - left) / 84)));
  const long = frame.end - frame.start > 36 * 3_600_000;
  return (
    <g>
      {timeTicks(frame.start, frame.end, frame.zone, most).map((t) => {
        const near = sx(t.at) > width - (long ? 74 : 54);
        if (near) return null;
        return <text key={t.at} x={sx(t.at)} y={y + 18} text-anchor={sx(t.at) < left + 16 ? "start" : "middle"} class="grey-text">{t.text}</text>;
      })}
      <text x={width} y={y + 18} text-anchor="end" class="strong">{hm(frame.end, frame.zone)}</text>
    </g>
  );
}

function Moment({ frame, sx, traces, tops, bottom, width }: { frame: Frame; sx: Scale; traces: readonly Trace[]; tops: readonly number[]; bottom: number; width: number }): JSX.Element | null {
  const moment = useMoment();
  const times = useMemo(() => traces.map((t) => t.at.map(instant)), [traces]);
  if (moment === null || moment < frame.start || moment > frame.end) return null;
  const x = sx(moment);
  return (
    <g class="flag" pointer-events="none">
      <line x1={x} x2={x} y1={8} y2={bottom} />
      {traces.map((t, i) => {
        const step = indexAt(times[i] ?? [], moment);
        const [value, low, high] = [t.value[step], t.low[step], t.high[step]];
        const range = low !== null && low !== undefined && high !== null && high !== undefined ? ` (${three(low)}–${three(high)})` : "";
        const text = `${i === 0 ? `${dayTime(moment, frame.zone)}  ` : ""}${value === null || value === undefined ? "no data" : `${three(value)} ${t.unit}${range}`}`;
        const flip = x + text.length * 6.8 > width;
        return <text key={t.signal} class="strong halo" x={flip ? x - 6 : x + 6} y={(tops[i] ?? 0) + 22} text-anchor={flip ? "end" : "start"}>{text}</text>;
      })}
    </g>
  );
}

const TALL: Record<string, number> = { busy: 36, heating: 30, setup: 26, idle: 18, standby: 8, off: 3, down: 36 };

/** State and order over time. Height and grey tell the state; down is hatched as well. */
export function StateRibbon({ spans, frame, marks }: { spans: readonly StateSpan[]; frame: Frame; marks: readonly Mark[] }): JSX.Element {
  const [box, width] = useWidth();
  return <div ref={box}>{width > 0 && <RibbonDrawn spans={spans} frame={frame} marks={marks} width={width} />}</div>;
}

function RibbonDrawn({ spans, frame, marks, width }: { spans: readonly StateSpan[]; frame: Frame; marks: readonly Mark[]; width: number }): JSX.Element {
  const left = width < TIGHT ? 0 : LEFT;
  const sx = linear([frame.start, frame.end], [width < TIGHT ? LEFT_TIGHT : LEFT, width]);
  const last = spans.at(-1);
  const foot = 44;
  const orders: { product: string; a: number; b: number }[] = [];
  for (const s of spans) {
    const before = orders.at(-1);
    const [a, b] = [instant(s.start), instant(s.end)];
    if (!s.product) continue;
    if (before && before.product === s.product) before.b = b;
    else orders.push({ product: s.product, a, b });
  }
  const box = (ms: number): number => sx(Math.min(frame.end, Math.max(frame.start, ms)));
  return (
    <svg class="chart ribbon-chart" width={width} height={orders.length ? 72 : 52} viewBox={`0 0 ${width} ${orders.length ? 72 : 52}`} role="img" aria-label={spans.map((s) => `${s.name} from ${hm(instant(s.start), frame.zone)}`).join(", ")}>
      <Hatch id="hatch-down" />
      {last && left > 0 && (
        <>
          <text x={0} y={20} class="strong">{last.name}</text>
          <text x={0} y={36} class="grey-text">since {hm(instant(last.start), frame.zone)}</text>
        </>
      )}
      {spans.map((s) => {
        const [a, b] = [box(instant(s.start)), box(instant(s.end))];
        const tall = TALL[s.state] ?? 14;
        return (
          <g key={s.start}>
            <rect class={`state-${s.state}`} x={a} y={foot - tall} width={Math.max(0.8, b - a - 0.8)} height={tall} />
            {s.state === "down" && <rect x={a} y={foot - tall} width={Math.max(0.8, b - a)} height={tall} fill="url(#hatch-down)" />}
            <title>{`${s.name}, ${dayTime(instant(s.start), frame.zone)}–${hm(instant(s.end), frame.zone)}${s.product ? `, ${s.product}` : ""}`}</title>
          </g>
        );
      })}
      {orders.map((o) => {
        const [a, b] = [box(o.a), box(o.b)];
        const fits = b - a > o.product.length * 6.2;
        return (
          <g key={o.a}>
            <path class="bracket" d={`M${a + 0.5} ${foot + 4}V${foot + 9}H${b - 1}V${foot + 4}`} />
            {fits && <text x={(a + b) / 2} y={foot + 24} text-anchor="middle" class="grey-text">{o.product}</text>}
          </g>
        );
      })}
      {marks.map((m) => {
        const at = instant(m.at);
        return at >= frame.start && at <= frame.end ? <line key={m.at + m.text} class={`change stroke-${m.level}`} x1={sx(at)} x2={sx(at)} y1={2} y2={foot + 2} /> : null;
      })}
    </svg>
  );
}
