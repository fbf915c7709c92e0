import type { JSX } from "preact";
import type { CaseView, Cell, FigureRow, WhatIfResult } from "../api/types.ts";
import { fixed, signed, three } from "../words/format.ts";
import { Shape } from "./marks.tsx";
import { Panel, useWidth } from "./panel.tsx";
import { linear } from "./scale.ts";

// What each case changes against doing nothing: a dot and its interval a case, small multiples by figure.

const GROUPS = ["co2e", "cost", "throughput", "delivery", "water", "people", "energy", "waste", "air"];
const NAMES = 196;
const GAP = 22;
const HEAD = 40;
const ROW = 46;
const TIGHT = 640;

/** A figure's name without what is behind its comma. */
export const short = (figure: FigureRow): string => figure.name.split(",")[0] ?? figure.name;

/** What is weighed, in the order in which people ask for it. */
export function weighed(figures: readonly FigureRow[]): FigureRow[] {
  return figures.filter((f) => f.objective).sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
}

/** Edges of the interval of a difference at a level; the mean where there is none. */
export function edges(cell: Cell, level: number): readonly [number, number] {
  const found = cell.intervals.find((i) => i.level === level);
  return found ? [found.low, found.high] : [cell.difference ?? 0, cell.difference ?? 0];
}

/** Decimals of a difference: three figures of the larger edge. */
export function places(cell: Cell): number {
  const [low, high] = edges(cell, 0.8);
  const size = Math.max(Math.abs(low), Math.abs(high), Math.abs(cell.difference ?? 0));
  return size === 0 || size >= 99.5 ? 0 : size >= 9.95 ? 1 : Math.min(4, 2 - Math.floor(Math.log10(size)));
}

export const WORD: Record<Cell["verdict"], string> = { better: "better", worse: "worse", unsure: "not sure", same: "no difference", other: "differs" };

export function DifferencesPanel({ result, chosen }: { result: WhatIfResult; chosen: number }): JSX.Element {
  const figures = weighed(result.figures);
  const cases = result.cases.filter((c) => c.number > 0);
  const summary = cases.map((c) => `${c.name}: ${figures.map((f) => `${short(f)} ${WORD[f.cells[c.number]?.verdict ?? "same"]} ${f.cells[c.number]?.difference_text ?? ""}`).join("; ")}`).join(". ");
  const rows = (): (string | number | null)[][] =>
    cases.flatMap((c) => figures.flatMap((f) => {
      const cell = f.cells[c.number];
      return cell ? [[c.name, f.name, f.unit, cell.difference, ...edges(cell, 0.5), ...edges(cell, 0.8), ...edges(cell, 0.95), cell.better, WORD[cell.verdict]]] : [];
    }));
  return (
    <Panel
            title={finding(cases, figures)}
      aside="bars: 50 and 80 %, line: 95 % of the runs"
      summary={summary}
      behind={{ name: "differences", head: ["Case", "Figure", "Unit", "Difference", "50 % low", "50 % high", "80 % low", "80 % high", "95 % low", "95 % high", "Probability of better", "Verdict"], rows }}
    >
      {figures.length === 0 ? <p class="empty">No figure that is weighed could be made. “How it was made” says what was missing.</p> : <Chart cases={cases} figures={figures} all={result.cases} chosen={chosen} />}
      <p class="grey foot-note">Dot: mean of the paired differences. Blue circle better, vermilion square worse, amber triangle not sure, open ring no difference.</p>
    </Panel>
  );
}

function finding(cases: readonly CaseView[], figures: readonly FigureRow[]): string {
  const wins = (c: CaseView): number => figures.filter((f) => f.cells[c.number]?.verdict === "better").length;
  const loses = (c: CaseView): number => figures.filter((f) => f.cells[c.number]?.verdict === "worse").length;
  const clean = cases.filter((c) => c.feasible && wins(c) > 0 && loses(c) === 0);
  if (clean.length === 1) return `${clean[0]?.name}: better in something, worse in nothing`;
  if (clean.length) return `${clean.length} of ${cases.length} cases are better in something, worse in nothing`;
  const mixed = cases.filter((c) => c.feasible && wins(c) > 0).length;
  if (mixed) return mixed === 1 && cases.length === 1 ? "It is better in something at the price of something else" : "What is better has its price in another figure";
  return "None is better than doing nothing in what is weighed";
}

interface ChartProps {
  cases: readonly CaseView[];
  all: readonly CaseView[];
  figures: readonly FigureRow[];
  chosen: number;
}

function Chart(props: ChartProps): JSX.Element {
  const [box, width] = useWidth();
  return <div ref={box}>{width > 0 && (width < TIGHT ? <Tall {...props} width={width} /> : <Wide {...props} width={width} />)}</div>;
}

/** Range of the differences of one figure over the cases that can be chosen, with zero in it. */
function range(figure: FigureRow, cases: readonly CaseView[]): readonly [number, number] {
  const fit = cases.some((c) => c.feasible) ? cases.filter((c) => c.feasible) : cases;
  const ends = fit.flatMap((c) => {
    const cell = figure.cells[c.number];
    return cell ? [...edges(cell, 0.95), cell.difference ?? 0] : [];
  });
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const room = (high - low) * 0.06 || 1;
  return [low - room, high + room];
}

/** A dot with its bars, or an arrow at the edge when it lies far outside of what the others reach. */
function Dot({ cell, x, y, from, until }: { cell: Cell; x: (v: number) => number; y: number; from: number; until: number }): JSX.Element {
  const mean = cell.difference ?? 0;
  const at = x(mean);
  if (cell.verdict === "same") return <Shape level="none" x={x(0)} y={y} size={4.6} />;
  const level = cell.level === "none" ? "stale" : cell.level;
  if (at < from || at > until) {
    const [tip, back] = at < from ? [from, 7] : [until, -7];
    return <path class={`fill-${level}`} d={`M${tip} ${y}l${back} -5v10Z`}><title>outside of what is drawn</title></path>;
  }
  const bar = (level_: number, tall: number, shade: string): JSX.Element => {
    const [low, high] = edges(cell, level_).map((v) => Math.max(from, Math.min(until, x(v))));
    return <rect class={`reach ${shade} fill-${level}`} x={low} width={Math.max(0, (high ?? 0) - (low ?? 0))} y={y - tall / 2} height={tall} />;
  };
  const [least, most] = edges(cell, 0.95).map((v) => Math.max(from, Math.min(until, x(v))));
  return (
    <g>
      <path class="reach-line" d={`M${least} ${y}H${most}`} />
      {bar(0.8, 5, "outer")}
      {bar(0.5, 5, "inner")}
      <Shape level={level} x={at} y={y} size={4.8} />
    </g>
  );
}

interface ValueProps {
  cell: Cell;
  x: number;
  y: number;
  /** Width that is free for it; what does not fit is left to the table. */
  room: number;
  anchor?: "start" | "end";
}

/** `−205 −219 to −190`, the interval in grey. */
function Value({ cell, x, y, room, anchor = "start" }: ValueProps): JSX.Element {
  if (cell.verdict === "same") return <text x={x} y={y} text-anchor={anchor} class="grey-text">no difference</text>;
  const p = places(cell);
  const [low, high] = edges(cell, 0.8);
  const value = signed(cell.difference, p);
  const forms = low === high ? [] : [p, Math.max(0, p - 1)].map((d) => `${signed(low, d)} to ${signed(high, d)}`);
  const interval = forms.find((text) => (value.length + 1) * 7 + text.length * 6.1 <= room) ?? "";
  return (
    <text x={x} y={y} text-anchor={anchor}>
      <tspan class="strong">{value}</tspan>
      <tspan dx="5" class="grey-text">{interval}</tspan>
    </text>
  );
}

function standing(c: CaseView): string {
  if (!c.feasible) return "cannot be chosen";
  return c.on_front ? "nothing beats it" : c.beaten_by.length ? "beaten" : "";
}

/** Words in at most two lines of a width. */
export function folded(text: string, room: number): string[] {
  const most = Math.max(6, Math.floor(room / 6.2));
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (!last || last.length + 1 + word.length <= most) lines[lines.length - 1] = last ? `${last} ${word}` : word;
    else lines.push(word);
  }
  if (lines.length <= 2) return lines;
  return [lines[0] ?? "", `${(lines[1] ?? "").slice(0, most - 1)}…`];
}

function Wide({ cases, all, figures, width, chosen }: ChartProps & { width: number }): JSX.Element {
  const slot = (width - NAMES) / figures.length;
  const base = all[0];
  const top = HEAD + (base ? 32 : 0);
  const height = top + cases.length * ROW + 4;
  return (
    <svg class="chart differences" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label="Differences against doing nothing. The table behind this chart has the figures.">
      {figures.map((f, k) => {
        const [from, until] = [NAMES + k * slot, NAMES + (k + 1) * slot - GAP];
        const x = linear(range(f, cases), [from, until]);
        const first = f.cells[0];
        const head = folded(short(f), slot - GAP - 6);
        return (
          <g key={f.figure}>
            {head.map((line, i) => <text key={line} x={from} y={12 + i * 15} class="grey-text">{line}{i === head.length - 1 && f.unit && `, ${f.unit}`}</text>)}
            <title>{f.name}</title>
            {first && (
              <text x={from} y={HEAD + 18}>
                <tspan class="strong">{first.digits}</tspan><tspan dx="5" class="grey-text">{first.low === first.high ? "" : `${three(first.low)}–${three(first.high)}`}</tspan>
              </text>
            )}
            <path class="zero" d={cases.map((_, i) => `M${x(0)} ${top + i * ROW + 5}v20`).join("")} />
            {cases.map((c, i) => {
              const cell = f.cells[c.number];
              const y = top + i * ROW;
              return cell && <g key={c.number} class={c.feasible ? "" : "faint"}><Dot cell={cell} x={x} y={y + 15} from={from} until={until} />{c.feasible && <Value cell={cell} x={from} y={y + 37} room={slot - 6} />}</g>;
            })}
          </g>
        );
      })}
      {base && <text x={0} y={HEAD + 18} class="strong">{base.name}</text>}
      <line class="axis" x1={0} x2={width} y1={HEAD} y2={HEAD} />
      {cases.map((c, i) => {
        const y = top + i * ROW;
        const lines = folded(c.name, NAMES - 26);
        return (
          <g key={c.number}>
            <line class="grid" x1={0} x2={width} y1={y} y2={y} />
            {c.number === chosen && <rect class="chosen-edge" x={0} y={y + 6} width={3} height={ROW - 12} />}
            <text x={8} y={y + 18} class="grey-text">{c.number}</text>
            {lines.map((line, k) => <text key={line} x={24} y={y + 18 + 15 * k} class="strong">{line}</text>)}
            {lines.length === 1 && <text x={24} y={y + 33} class={c.feasible ? "grey-text" : "text-act"}>{standing(c)}</text>}
            <title>{`${c.name}: ${c.verdict}`}</title>
          </g>
        );
      })}
    </svg>
  );
}

/** On a narrow screen one figure below the other, a line of words and a line of dots a case. */
function Tall({ cases, figures, width }: ChartProps & { width: number }): JSX.Element {
  const row = 38;
  const block = 24 + cases.length * row + 14;
  return (
    <svg class="chart differences" width={width} height={figures.length * block} viewBox={`0 0 ${width} ${figures.length * block}`} role="img" aria-label="Differences against doing nothing. The table behind this chart has the figures.">
      {figures.map((f, k) => {
        const y0 = k * block;
        const x = linear(range(f, cases), [4, width - 4]);
        return (
          <g key={f.figure}>
            <text x={0} y={y0 + 15} class="strong">{short(f)}{f.unit && `, ${f.unit}`}</text>
            <text x={width} y={y0 + 15} text-anchor="end" class="grey-text">{`doing nothing ${f.cells[0]?.digits ?? fixed(f.cells[0]?.value ?? 0, 0)}`}</text>
            <line class="axis" x1={0} x2={width} y1={y0 + 22} y2={y0 + 22} />
            <path class="zero" d={cases.map((_, i) => `M${x(0)} ${y0 + 24 + i * row + 19}v16`).join("")} />
            {cases.map((c, i) => {
              const y = y0 + 24 + i * row;
              const cell = f.cells[c.number];
              const most = Math.floor((width - 150) / 6.4);
              return cell && (
                <g key={c.number} class={c.feasible ? "" : "faint"}>
                  <text x={0} y={y + 15} class="halo">{`${c.number} ${c.name.length > most ? `${c.name.slice(0, most - 1)}…` : c.name}`}</text>
                  <Value cell={cell} x={width} y={y + 15} room={150} anchor="end" />
                  <Dot cell={cell} x={x} y={y + 27} from={4} until={width - 4} />
                </g>
              );
            })}
          </g>
        );
      })}
    </svg>
  );
}
