import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { CaseView, CourseView } from "../api/types.ts";
import { fixed, signed, three } from "../words/format.ts";
import { dayTime, instant, timeTicks } from "../words/time.ts";
import { point, useMoment } from "./cursor.ts";
import { Flag } from "./load.tsx";
import { Panel, useWidth } from "./panel.tsx";
import { bandPath, extent, indexAt, linePath, linear, roundTicks } from "./scale.ts";

const LEFT = 46;
const TOP = 20;
const PLOT = 150;
const FOOT = 22;

interface CourseProps {
  course: CourseView;
  cases: readonly CaseView[];
  chosen: CaseView;
  choose: (number: number) => void;
  zone: string;
  /** The first of several: it bears the choice of the case. */
  first: boolean;
}

/** A quantity over the run: doing nothing as the pale band, one case as line and fan, the others thin. */
export function CoursePanel({ course, cases, chosen, choose, zone, first }: CourseProps): JSX.Element {
  const unit = course.unit === "1" ? "" : course.unit;
  return (
    <Panel
      title={finding(course, chosen, zone, unit)}
      aside={unit ? `${course.name.toLowerCase()}, ${unit}` : course.name.toLowerCase()}
      summary={finding(course, chosen, zone, unit)}
      behind={{
        name: `course-${course.name.toLowerCase().replaceAll(" ", "-")}`,
        head: ["Time (UTC)", ...cases.flatMap((c) => [`${c.name}${unit && `, ${unit}`}`, "80 % low", "80 % high"])],
        rows: () => course.at.map((at, i) => [at, ...course.cases.flatMap((c) => [c.value[i] ?? null, c.low[i] ?? null, c.high[i] ?? null])]),
      }}
    >
      {first && cases.length > 2 && (
        <div class="chips case-chips" role="group" aria-label="Case that is drawn">
          {cases.filter((c) => c.number > 0).map((c) => <button key={c.number} type="button" aria-pressed={c.number === chosen.number} onClick={() => choose(c.number)}>{c.number} {c.name}</button>)}
        </div>
      )}
      <Chart course={course} chosen={chosen} zone={zone} unit={unit} />
      <ul class="legend grey always">
        <li><span class="swatch band-swatch" />doing nothing, 80 % of the runs</li>
        <li><span class="swatch fan-swatch" />{chosen.name}, mean and 80 %</li>
        {course.cases.length > 2 && <li><span class="swatch thin-swatch" />the other cases, means</li>}
      </ul>
    </Panel>
  );
}

/** Where the case departs most from doing nothing, in a sentence. */
function finding(course: CourseView, chosen: CaseView, zone: string, unit: string): string {
  const [base, own] = [course.cases[0], course.cases[chosen.number]];
  let at = -1;
  let most = 0;
  own?.value.forEach((v, i) => {
    const d = v - (base?.value[i] ?? v);
    if (Math.abs(d) > Math.abs(most)) [most, at] = [d, i];
  });
  const top = Math.max(1e-9, ...(base?.value ?? []).map(Math.abs));
  if (at < 0 || Math.abs(most) < 1e-4 * top) return `${course.name}: ${chosen.name} runs as doing nothing does`;
  const last = course.at.length - 1;
  const when = dayTime(instant(course.at[at] ?? ""), zone);
  const tail = at === last ? "at the end" : `at ${when}`;
  const size = Math.abs(most);
  return `${course.name}: ${signed(most, size >= 99.5 ? 0 : size >= 9.95 ? 1 : 2)}${unit && ` ${unit}`} ${tail}, where ${chosen.name} departs most`;
}

interface ChartProps {
  course: CourseView;
  chosen: CaseView;
  zone: string;
  unit: string;
}

function Chart(props: ChartProps): JSX.Element {
  const [box, width] = useWidth();
  return <div ref={box}>{width > 0 && <Drawn {...props} width={width} />}</div>;
}

function Drawn({ course, chosen, zone, unit, width }: ChartProps & { width: number }): JSX.Element {
  const x = useMemo(() => course.at.map(instant), [course]);
  const step = (x[1] ?? 0) - (x[0] ?? 0);
  const [start, end] = [x[0] ?? 0, (x.at(-1) ?? 0) + Math.max(step, 0)];
  const reach = extent(...course.cases.flatMap((c) => [c.low, c.high, c.value])) ?? [0, 1];
  const [foot, head] = [Math.min(0, reach[0]), reach[1] * 1.06 || 1];
  const sx = linear([start, end], [LEFT, width]);
  const sy = linear([foot, head], [TOP + PLOT, TOP]);
  const ticks = roundTicks(foot, head, 4).filter((t) => t >= foot && t <= head);
  const decimals = Math.max(0, ...ticks.map((t) => (String(t).split(".")[1] ?? "").length));
  const [base, own] = [course.cases[0], course.cases[chosen.number]];
  const move = (event: PointerEvent): void => {
    const left = (event.currentTarget as Element).getBoundingClientRect().left;
    const at = start + ((event.clientX - left - LEFT) / (width - LEFT)) * (end - start);
    point(at >= start && at <= end ? at : null);
  };
  return (
    <svg class="chart course" width={width} height={TOP + PLOT + FOOT} viewBox={`0 0 ${width} ${TOP + PLOT + FOOT}`} role="img" aria-label={`${course.name} over time. The table behind this chart has the figures.`} onPointerMove={move} onPointerLeave={() => point(null)}>
      {unit && <text x={LEFT - 8} y={12} text-anchor="end" class="grey-text">{unit}</text>}
      {ticks.map((t) => (
        <g key={t}>
          <line class={t === 0 ? "axis" : "grid"} x1={LEFT} x2={width} y1={sy(t)} y2={sy(t)} />
          <text x={LEFT - 8} y={sy(t) + 4} text-anchor="end" class="grey-text">{fixed(t, decimals)}</text>
        </g>
      ))}
      {base && <path class="band" d={bandPath(x, base.low, base.high, sx, sy)} />}
      {base && <path class="line base-line" d={linePath(x, base.value, sx, sy)} />}
      {course.cases.map((c, i) => (i === 0 || i === chosen.number ? null : <path key={i} class="line other-line" d={linePath(x, c.value, sx, sy)} />))}
      {own && <path class="fan" d={bandPath(x, own.low, own.high, sx, sy)} />}
      {own && <path class="line" d={linePath(x, own.value, sx, sy)} />}
      {timeTicks(start, end, zone, width < 500 ? 4 : 9).map((t) => (
        <text key={t.at} x={sx(t.at)} y={TOP + PLOT + 18} text-anchor={sx(t.at) < LEFT + 14 ? "start" : sx(t.at) > width - 18 ? "end" : "middle"} class="grey-text">{t.text}</text>
      ))}
      <Pointed course={course} chosen={chosen} x={x} sx={sx} zone={zone} unit={unit} width={width} />
    </svg>
  );
}

function Pointed({ course, chosen, x, sx, zone, unit, width }: { course: CourseView; chosen: CaseView; x: number[]; sx: (v: number) => number; zone: string; unit: string; width: number }): JSX.Element | null {
  const moment = useMoment();
  const i = moment === null ? -1 : indexAt(x, moment);
  const [base, own] = [course.cases[0], course.cases[chosen.number]];
  const at = x[i];
  if (at === undefined || !base || !own) return null;
  const text = `${dayTime(at, zone)}  ${three(own.value[i])}${unit && ` ${unit}`} (${three(own.low[i])}–${three(own.high[i])}), doing nothing ${three(base.value[i])}`;
  return <Flag x={sx(at)} y={TOP} height={PLOT} text={text} width={width} />;
}
