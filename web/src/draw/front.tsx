import type { JSX } from "preact";
import type { CaseView, FigureRow, FrontView } from "../api/types.ts";
import { filter, useRoute } from "../app/route.ts";
import { percent, signed } from "../words/format.ts";
import { edges, places, short, weighed } from "./differences.tsx";
import { Panel, useWidth } from "./panel.tsx";
import { linear, roundTicks } from "./scale.ts";

const LEFT = 58;
const TOP = 22;
const PLOT = 232;
const FOOT = 36;

interface FrontProps {
  front: FrontView;
  cases: readonly CaseView[];
  figures: readonly FigureRow[];
}

/** The Pareto front over two axes of choice: who is beaten by none, and who by whom. */
export function FrontPanel({ front, cases, figures }: FrontProps): JSX.Element {
  const { query } = useRoute();
  const axes = weighed(figures);
  const at = (key: string, other: number): FigureRow | undefined => axes.find((f) => f.figure === query.get(key)) ?? axes[Math.min(other, axes.length - 1)];
  const [x, y] = [at("x", 1), at("y", 0)];
  const beaten = cases.filter((c) => c.feasible && !c.on_front);
  const winners = cases.filter((c) => c.on_front);
  const pick = (key: string, value: string, given: FigureRow | undefined): JSX.Element => (
    <select class="select" aria-label={key === "x" ? "Axis to the right" : "Axis upwards"} value={given?.figure ?? ""} onChange={(e) => filter({ [key]: e.currentTarget.value === value ? "" : e.currentTarget.value }, true)}>
      {axes.map((f) => <option key={f.figure} value={f.figure}>{short(f)}</option>)}
    </select>
  );
  return (
    <Panel
      title={title(winners)}
      summary={front.text}
      behind={{
        name: "front",
        head: ["Case", "On the front", "Share of runs on the front", "Beaten by", "Can be chosen", ...front.objectives.map(([, name, unit]) => `${name}${unit && `, ${unit}`}`)],
        rows: () => cases.map((c, i) => [c.name, c.on_front ? "yes" : "no", c.front_share, c.beaten_by.join("; "), c.feasible ? "yes" : "no", ...(front.points[i] ?? [])]),
      }}
    >
      {x && y && axes.length > 1 && (
        <>
          <div class="axes grey">{pick("y", axes[0]?.figure ?? "", y)}<span>against</span>{pick("x", axes[1]?.figure ?? "", x)}</div>
          <Chart x={x} y={y} cases={cases} label={front.text} />
        </>
      )}
      <ul class="standing">
        {winners.map((c) => <li key={c.number}><span class="num grey">{c.number || ""}</span><div><b>{c.name}</b> <span class="grey">on the front in {percent(c.front_share)} of the runs</span></div></li>)}
        {beaten.map((c) => <li key={c.number}><span class="num grey">{c.number || ""}</span><div>{c.name} <span class="grey">{c.beaten_by.length ? `beaten by ${c.beaten_by.join(", ")}` : "not on the front"}</span></div></li>)}
      </ul>
    </Panel>
  );
}

function title(winners: readonly CaseView[]): string {
  if (winners.length === 0) return "No case keeps within all limits";
  if (winners.length === 1) return `${winners[0]?.name} beats all others`;
  return `${winners.length} cases are beaten by none`;
}

interface ChartProps {
  x: FigureRow;
  y: FigureRow;
  cases: readonly CaseView[];
  label: string;
}

function Chart(props: ChartProps): JSX.Element {
  const [box, width] = useWidth();
  return <div ref={box}>{width > 0 && <Drawn {...props} width={width} />}</div>;
}

/** Where a case lies on an axis: its difference to doing nothing, with the 80 % of the runs. */
function reach(figure: FigureRow, c: CaseView): readonly [number, number, number] {
  const cell = figure.cells[c.number];
  if (!cell || c.number === 0) return [0, 0, 0];
  const [low, high] = edges(cell, 0.8);
  return [low, cell.difference ?? 0, high];
}

function span(figure: FigureRow, cases: readonly CaseView[]): readonly [number, number] {
  const ends = cases.flatMap((c) => [...reach(figure, c)]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const room = (high - low) * 0.12 || 1;
  return [low - room, high + room];
}

const tickText = (t: number, all: readonly number[]): string => (t === 0 ? "±0" : signed(t, Math.max(0, ...all.map((v) => (String(v).split(".")[1] ?? "").length))));

function Drawn({ x, y, cases, label, width }: ChartProps & { width: number }): JSX.Element {
  const fit = cases.filter((c) => c.feasible);
  const drawn = fit.length ? fit : cases;
  const sx = linear(span(x, drawn), [LEFT, width - 6]);
  const sy = linear(span(y, drawn), [TOP + PLOT, TOP]);
  const xt = roundTicks(...span(x, drawn), width < 380 ? 3 : 5).filter((t) => sx(t) >= LEFT && sx(t) <= width - 6);
  const yt = roundTicks(...span(y, drawn), 5).filter((t) => sy(t) >= TOP && sy(t) <= TOP + PLOT);
  const named = (f: FigureRow): string => `${short(f)}${f.unit && `, ${f.unit}`}, against doing nothing`;
  const places_ = placed(drawn.map((c) => ({ c, at: [sx(reach(x, c)[1]), sy(reach(y, c)[1])] as const })), width);
  return (
    <svg class="chart front" width={width} height={TOP + PLOT + FOOT} viewBox={`0 0 ${width} ${TOP + PLOT + FOOT}`} role="img" aria-label={`${label} The table behind this chart has the figures.`}>
      <text x={0} y={12} class="grey-text">{named(y)}</text>
      {yt.map((t) => (
        <g key={t}>
          <line class={t === 0 ? "axis" : "grid"} x1={LEFT} x2={width} y1={sy(t)} y2={sy(t)} />
          <text x={LEFT - 8} y={sy(t) + 4} text-anchor="end" class="grey-text">{tickText(t, yt)}</text>
        </g>
      ))}
      {xt.map((t) => (
        <g key={t}>
          <line class={t === 0 ? "axis" : "grid"} x1={sx(t)} x2={sx(t)} y1={TOP} y2={TOP + PLOT} />
          <text x={sx(t)} y={TOP + PLOT + 16} text-anchor="middle" class="grey-text">{tickText(t, xt)}</text>
        </g>
      ))}
      <text x={width} y={TOP + PLOT + 32} text-anchor="end" class="grey-text">{named(x)}</text>
      <Corner x={x} y={y} width={width} />
      {places_.map(({ c, at: [px, py], text, anchor, dx, dy }) => {
        const [xl, , xh] = reach(x, c);
        const [yl, , yh] = reach(y, c);
        const look = c.on_front ? "on" : "off";
        return (
          <g key={c.number} class={`case-${look}`}>
            {c.number > 0 && <path class="reach-cross" d={`M${sx(xl)} ${py}H${sx(xh)}M${px} ${sy(yl)}V${sy(yh)}`} />}
            {c.number === 0 ? <path class="nothing" d={`M${px - 5} ${py}h10M${px} ${py - 5}v10`} /> : c.on_front ? <circle class="fill-ok" cx={px} cy={py} r={5} /> : <circle class="beaten" cx={px} cy={py} r={4.2} />}
            <text x={px + dx} y={py + dy} text-anchor={anchor} class={c.on_front ? "strong halo" : "grey-text halo"}>{text}</text>
            <title>{`${c.name}: ${short(x)} ${signed(reach(x, c)[1], cellPlaces(x, c))} ${x.unit}, ${short(y)} ${signed(reach(y, c)[1], cellPlaces(y, c))} ${y.unit}${c.beaten_by.length ? `; beaten by ${c.beaten_by.join(", ")}` : ""}`}</title>
          </g>
        );
      })}
    </svg>
  );
}

const cellPlaces = (f: FigureRow, c: CaseView): number => {
  const cell = f.cells[c.number];
  return cell ? places(cell) : 0;
};

interface Placed {
  readonly c: CaseView;
  readonly at: readonly [number, number];
}

interface Named extends Placed {
  readonly text: string;
  readonly anchor: "start" | "end";
  readonly dx: number;
  readonly dy: number;
}

/** Names beside the dots where they hit nothing; else the number alone, which the list below explains. */
function placed(dots: readonly Placed[], width: number): Named[] {
  type Box = readonly [number, number, number, number];
  const taken: Box[] = dots.map(({ at: [x, y] }) => [x - 6, y - 6, x + 6, y + 6]);
  const free = (b: Box): boolean => b[0] >= LEFT && b[2] <= width && b[1] >= TOP && b[3] <= TOP + PLOT && !taken.some((t) => t[0] < b[2] && b[0] < t[2] && t[1] < b[3] && b[1] < t[3]);
  const order = [...dots].sort((a, b) => Number(b.c.on_front) - Number(a.c.on_front));
  return order.map(({ c, at }) => {
    const full = c.number === 0 ? "Do nothing" : `${c.number} ${c.name}`;
    for (const text of [full, c.number === 0 ? "" : String(c.number)]) {
      const room = text.length * 6.6;
      for (const [anchor, dx, dy] of [["start", 9, 4], ["end", -9, 4], ["start", 4, -9], ["start", 4, 17], ["end", -4, -9], ["end", -4, 17]] as const) {
        const left = anchor === "start" ? at[0] + dx : at[0] + dx - room;
        const box: Box = [left, at[1] + dy - 12, left + room, at[1] + dy + 3];
        if (free(box)) {
          taken.push(box);
          return { c, at, text, anchor, dx, dy };
        }
      }
    }
    return { c, at, text: c.number === 0 ? "" : String(c.number), anchor: "start" as const, dx: 8, dy: -5 };
  });
}

/** Which corner is good. */
function Corner({ x, y, width }: { x: FigureRow; y: FigureRow; width: number }): JSX.Element | null {
  if (!x.better || !y.better || x.figure === y.figure) return null;
  const right = x.better === "high";
  const up = y.better === "high";
  return <text x={right ? width - 8 : LEFT + 6} y={up ? TOP + 14 : TOP + PLOT - 8} text-anchor={right ? "end" : "start"} class="text-ok halo">{`${up ? "↑" : "↓"}${right ? "→" : "←"} better in both`}</text>;
}

