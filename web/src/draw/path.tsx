import type { JSX } from "preact";
import type { PathView, PathYear } from "../api/types.ts";
import { fixed, three } from "../words/format.ts";
import { Panel, useWidth } from "./panel.tsx";
import { linear, roundTicks } from "./scale.ts";

const LEFT = 46;
const TOP = 18;
const PLOT = 170;
const FOOT = 22;

/** A promised path: bars of what was measured, dashed where it is expected, the allowance as a line. */
export function PathPanel({ path }: { path: PathView }): JSX.Element {
  return (
    <Panel
      title={path.title}
      aside={path.aside}
      summary={path.text || path.title}
      behind={{
        name: "path",
        head: ["Year", `Allowed, ${path.unit}`, "Measured", "Expected", "Low", "High"],
        rows: () => path.years.map((y) => [y.year, y.allowed, y.actual, y.forecast, y.low, y.high]),
      }}
    >
      <div class="path">
        <Chart path={path} />
        <Budget path={path} />
      </div>
      <p class="grey">{path.text} {path.source && `Target: ${path.source}.`}</p>
    </Panel>
  );
}

function Chart({ path }: { path: PathView }): JSX.Element {
  const [box, width] = useWidth();
  return <div ref={box}>{width > 0 && <Drawn path={path} width={width} />}</div>;
}

function Drawn({ path, width }: { path: PathView; width: number }): JSX.Element {
  const years = path.years;
  const most = Math.max(...years.flatMap((y) => [y.allowed ?? 0, y.actual ?? 0, y.high ?? 0, y.forecast ?? 0]), 1e-9);
  const ticks = roundTicks(0, most * 1.08, 4);
  const sy = linear([0, Math.max(most * 1.08, ticks.at(-1) ?? 0)], [TOP + PLOT, TOP]);
  const slot = (width - LEFT) / Math.max(1, years.length);
  const sx = (i: number): number => LEFT + (i + 0.5) * slot;
  const bar = Math.max(4, Math.min(40, slot * 0.66));
  const line = years.map((y, i) => (y.allowed === null ? "" : `${i === 0 ? "M" : "L"}${sx(i)} ${sy(y.allowed)}`)).join("");
  const last = years.at(-1);
  // Every year has its number where there is room, else every second or fifth.
  const every = slot > 34 ? 1 : slot > 17 ? 2 : 5;
  return (
    <svg class="chart" width={width} height={TOP + PLOT + FOOT} viewBox={`0 0 ${width} ${TOP + PLOT + FOOT}`} role="img" aria-label={`${path.title}. The table behind this chart has the figures.`}>
      {ticks.map((t) => (
        <g key={t}>
          <line class={t === 0 ? "axis" : "grid"} x1={LEFT} x2={width} y1={sy(t)} y2={sy(t)} />
          <text x={LEFT - 8} y={sy(t) + 4} text-anchor="end" class="grey-text">{fixed(t, most < 10 ? 1 : 0)}</text>
        </g>
      ))}
      {years.map((y, i) => <Bar key={y.year} year={y} x={sx(i)} wide={bar} sy={sy} />)}
      <path class="path-line" d={line} />
      {last?.allowed !== null && last !== undefined && (
        <text x={width - 2} y={sy(last.allowed) - 8} text-anchor="end" class="text-ok">{`${three(last.allowed)} ${path.unit} in ${last.year}`}</text>
      )}
      {years.map((y, i) => (i % every === 0 || y === last ? <text key={y.year} x={sx(i)} y={TOP + PLOT + 16} text-anchor="middle" class="grey-text">{y.year}</text> : null))}
    </svg>
  );
}

function Bar({ year, x, wide, sy }: { year: PathYear; x: number; wide: number; sy: (v: number) => number }): JSX.Element {
  const { actual, forecast, low, high, allowed } = year;
  const foot = sy(0);
  const over = forecast !== null && allowed !== null && forecast > allowed;
  return (
    <g>
      {forecast !== null && <rect class={over ? "expected-bar over" : "expected-bar"} x={x - wide / 2} width={wide} y={sy(forecast)} height={Math.max(0, foot - sy(forecast))} />}
      {actual !== null && <rect class="measured-bar" x={x - wide / 2} width={wide} y={sy(actual)} height={Math.max(0, foot - sy(actual))} />}
      {low !== null && high !== null && high > low && (
        <path class="whisker" d={`M${x} ${sy(low)}V${sy(high)}M${x - 4} ${sy(low)}h8M${x - 4} ${sy(high)}h8`} />
      )}
    </g>
  );
}

function Budget({ path }: { path: PathView }): JSX.Element {
  const most = Math.max(...path.budget.map((b) => Math.abs(b.value)), 1e-9);
  return (
    <div class="budget">
      <h3>{path.budget_title}</h3>
      {path.budget.map((b) => (
        <div key={b.name} class="budget-row">
          <span class={b.kind === "left" ? "strong" : "grey"}>{b.name}</span><span class="num">{b.digits}</span>
          <svg width="100%" height="8" role="presentation"><rect class={`budget-${b.kind}`} x="0" y="0" height="8" width={`${(100 * Math.max(0, b.value)) / most}%`} /></svg>
        </div>
      ))}
    </div>
  );
}
