import type { JSX } from "preact";
import type { AdviceRow, FindingRow, Spark } from "../api/types.ts";
import { to } from "../app/route.ts";
import { Mark } from "../draw/marks.tsx";
import { bandPath, excess, extent, linePath, linear } from "../draw/scale.ts";
import { columnDecimals, fixed } from "../words/format.ts";
import { instant } from "../words/time.ts";
import { decide } from "./decide.tsx";

interface FindingsProps {
  rows: readonly FindingRow[];
  currency: string;
  /** Put the button of the first answerable finding in ink. */
  lead?: boolean;
  /** Whose evidence is drawn in its row: the worst finding's, or every one's. */
  drawn?: "first" | "all";
}

/** Findings worst first: what, where, since when, cost a day, most likely cause, one verb. */
export function FindingRows({ rows, currency, lead = true, drawn = "first" }: FindingsProps): JSX.Element {
  const co2 = columnDecimals(rows.map((r) => r.co2e_kg_day));
  const money = columnDecimals(rows.map((r) => r.money_day));
  const first = lead ? rows.find((r) => r.advice && r.verb === "Approve")?.id : undefined;
  return (
    <ol class="findings">
      {rows.map((row, i) => (
        <li key={row.id} class="finding" data-id={row.id}>
          <Mark level={row.level} />
          <div class="what">
            <a class="title" href={to(["findings", row.id])}>{row.title}</a>
            <p class="grey where">{row.where}</p>
            <p class="likely">{row.likely.replace(/ %/g, "\u00a0%")}</p>
            {row.spark && (drawn === "all" || i === 0) && <Evidence row={row} spark={row.spark} />}
          </div>
          <p class="cost num">
            <b>{row.co2e_kg_day === null ? "–" : fixed(row.co2e_kg_day, co2)}</b>
            <span class="unit">kg CO₂e</span>
          </p>
          <p class="cost num money">
            <b>{row.money_day === null ? "–" : fixed(row.money_day, money)}</b>
            <span class="unit">{currency}</span>
          </p>
          <VerbButton row={row} first={row.id === first} />
        </li>
      ))}
    </ol>
  );
}

const [EVIDENCE_W, EVIDENCE_H] = [320, 36];

/** The telling signal over the last day: its band, its line, what lies above, and the onset as a mark. */
function Evidence({ row, spark }: { row: FindingRow; spark: Spark }): JSX.Element | null {
  const x = spark.at.map(instant);
  const range = extent(spark.value, spark.low, spark.high);
  const [from, until] = [x[0], x.at(-1)];
  if (!range || from === undefined || until === undefined) return null;
  const foot = Math.min(range[0], 0);
  const sx = linear([from, until], [0, EVIDENCE_W]);
  const sy = linear([foot, range[1] + (range[1] - foot) * 0.06 || 1], [EVIDENCE_H - 1, 1]);
  const onset = instant(row.onset);
  const { top, foot: edge } = excess(spark.value.map((v, i) => ((x[i] ?? 0) >= onset ? v : null)), spark.high);
  const said = row.kind === "excess" && spark.high.some((v) => v !== null) ? "last 24 h against expected" : "last 24 h";
  return (
    <a class="evidence-trace" href={to(["findings", row.id])} tabIndex={-1} aria-hidden="true" title={said}>
      <svg viewBox={`0 0 ${EVIDENCE_W} ${EVIDENCE_H}`} preserveAspectRatio="none">
        <path d={bandPath(x, spark.low, spark.high, sx, sy)} class="band" />
        <path d={bandPath(x, edge, top, sx, sy)} class={`above fill-${row.level}`} />
        <path d={linePath(x, spark.value, sx, sy)} class="line thin" />
        {onset > from && onset < until && <path d={`M${sx(onset)} 0V${EVIDENCE_H}`} class={`onset onset-${row.level}`} />}
      </svg>
    </a>
  );
}

function VerbButton({ row, first }: { row: FindingRow; first: boolean }): JSX.Element {
  const name = `${row.verb}: ${row.title}`;
  if (row.advice && row.verb === "Approve")
    return <button type="button" class={first ? "button first" : "button"} aria-label={name} onClick={() => decide(row.advice)}>{row.verb}</button>;
  const path = row.advice ? ["advice", row.advice] : ["findings", row.id];
  return <a class="button" href={to(path)} aria-label={name}>{row.verb}</a>;
}

/** Advice, next deadline first. */
export function AdviceRows({ rows, past = false }: { rows: readonly AdviceRow[]; past?: boolean }): JSX.Element {
  return (
    <ol class="advice">
      {rows.map((row) => (
        <li key={row.id} data-id={row.id}>
          <span class="grey when">{past ? row.state : row.decide_by}</span>
          <div>
            <a class="title" href={to(["advice", row.id])}>{row.title}</a>
            <p class="grey">{row.saves}</p>
            {row.state_text && (past ? row.state_text !== row.state : row.state !== "open") && <p class="grey">{row.state_text}</p>}
          </div>
        </li>
      ))}
    </ol>
  );
}
