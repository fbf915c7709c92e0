import type { JSX } from "preact";
import type { AdviceRow, FindingRow } from "../api/types.ts";
import { to } from "../app/route.ts";
import { Mark } from "../draw/marks.tsx";
import { columnDecimals, fixed } from "../words/format.ts";
import { decide } from "./decide.tsx";

interface FindingsProps {
  rows: readonly FindingRow[];
  currency: string;
  /** Put the button of the first answerable finding in ink. */
  lead?: boolean;
}

/** Findings worst first: what, where, since when, cost a day, most likely cause, one verb. */
export function FindingRows({ rows, currency, lead = true }: FindingsProps): JSX.Element {
  const co2 = columnDecimals(rows.map((r) => r.co2e_kg_day));
  const money = columnDecimals(rows.map((r) => r.money_day));
  const first = lead ? rows.find((r) => r.advice && r.verb === "Approve")?.id : undefined;
  return (
    <ol class="findings">
      {rows.map((row) => (
        <li key={row.id} class="finding" data-id={row.id}>
          <Mark level={row.level} />
          <div class="what">
            <a class="title" href={to(["findings", row.id])}>{row.title}</a>
            <p class="grey where">{row.where}</p>
            <p class="likely">{row.likely}</p>
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
