import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CaseView, Cell, FigureRow, WhatIfResult } from "../api/types.ts";
import { WORD, edges } from "../draw/differences.tsx";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { percent, three } from "../words/format.ts";

const GROUPS: Record<string, string> = {
  co2e: "Climate", cost: "Cost", throughput: "Throughput", delivery: "Delivery", energy: "Energy", water: "Water", waste: "Waste", air: "Air", people: "People",
};

/** Every figure of every case: value, difference with its interval, probability of being better, and the verdict in a word. */
export function Comparison({ result, path }: { result: WhatIfResult; path: string }): JSX.Element {
  const [all, setAll] = useState(false);
  const { cases, figures, run } = result;
  const fit = cases.filter((c) => c.number > 0 && c.feasible);
  const told = fit.length ? fit : cases.slice(1);
  const moves = (f: FigureRow): boolean => told.some((c) => ["better", "worse"].includes(f.cells[c.number]?.verdict ?? "same"));
  const differs = (f: FigureRow): boolean => f.objective || moves(f);
  const seen = all ? figures : figures.filter(differs);
  const hidden = figures.length - seen.length;
  const moved = figures.filter(moves).length;
  const groups = Object.keys(GROUPS).map((id) => ({ id, rows: seen.filter((f) => f.group === id) })).filter((g) => g.rows.length);
  return (
    <Panel
      class="comparison-panel"
      title={moved ? `${moved} of ${figures.length} figures move` : "No figure moves beyond chance"}
      aside="against doing nothing; 80 % of runs"
      picture={false}
      behind={{
        name: `whatif-${run.id}`,
        head: ["Figure", "Unit", "Case", "Mean", "80 % low", "80 % high", "Difference", "80 % low", "80 % high", "Probability of better", "Verdict"],
        rows: () => figures.flatMap((f) => cases.flatMap((c) => {
          const cell = f.cells[c.number];
          return cell ? [[f.name, f.unit, c.name, cell.value, cell.low, cell.high, cell.difference, ...(cell.difference === null ? [null, null] : edges(cell, 0.8)), cell.better, c.number ? WORD[cell.verdict] : ""]] : [];
        })),
        address: `/api/v1${path}/result.csv`,
      }}
    >
      <div class="sideways" tabIndex={0} role="region" aria-label="Comparison, all cases">
        <table class="rows comparison">
          <thead>
            <tr>
              <th scope="col">Figure</th>
              {cases.map((c) => <th key={c.number} scope="col" class="case" title={c.description}><Head of={c} /></th>)}
            </tr>
          </thead>
          <tbody>
            {groups.map((g) => [
              <tr key={g.id} class="family"><th scope="rowgroup" colSpan={cases.length + 1}>{GROUPS[g.id]}</th></tr>,
              ...g.rows.map((f) => <Row key={f.figure} figure={f} cases={cases} />),
            ])}
          </tbody>
        </table>
      </div>
      {(hidden > 0 || all) && <button type="button" class="button top-gap" onClick={() => setAll(!all)}>{all ? "Show fewer" : `Show ${hidden} more that hardly move`}</button>}
    </Panel>
  );
}

function Head({ of: c }: { of: CaseView }): JSX.Element {
  return (
    <>
      {c.number > 0 && <span class="grey">{c.number} </span>}<b class="ink-text">{c.name}</b>
      {!c.feasible && <p class="level-act"><Mark level="act" quiet /> cannot be chosen</p>}
      {c.on_front && c.number > 0 && <p class="level-ok"><Mark level="ok" quiet /> nothing beats it</p>}
      {c.feasible && !c.on_front && c.number > 0 && <p>{c.beaten_by.length ? "beaten" : "not on the front"}</p>}
      {c.doubts.length > 0 && <p class="level-watch"><Mark level="watch" quiet /> doubts: see above</p>}
    </>
  );
}

function Row({ figure, cases }: { figure: FigureRow; cases: readonly CaseView[] }): JSX.Element {
  const [open, setOpen] = useState(false);
  const base = figure.cells[0];
  return (
    <>
      <tr>
        <th scope="row" class={figure.objective ? "ink strong" : "ink"}>
          {figure.parts.length > 0 ? <button type="button" class="sort left" aria-expanded={open} onClick={() => setOpen(!open)}>{figure.name} {open ? "▴" : "▾"}</button> : figure.name}
          {figure.unit && <span class="grey light-weight"> {figure.unit}</span>}
        </th>
        {base && <td class="case"><b>{base.digits}</b><p class="grey">{base.low === base.high ? "" : `${three(base.low)}–${three(base.high)}`}</p></td>}
        {cases.slice(1).map((c) => <td key={c.number} class="case"><Difference cell={figure.cells[c.number]} known={figure.better !== ""} /></td>)}
      </tr>
      {open && figure.parts.map((p) => (
        <tr key={p.name} class="part">
          <th scope="row" class="indent-1 grey">{p.name}</th>
          {p.values.map((v, i) => <td key={i} class="case grey">{three(v)}</td>)}
        </tr>
      ))}
    </>
  );
}

/** `■ +3.0 % worse in 98 %` above its interval and the mean itself. */
function Difference({ cell, known }: { cell: Cell | undefined; known: boolean }): JSX.Element {
  if (!cell) return <span class="grey">–</span>;
  if (cell.verdict === "same") return <span class="grey">no difference</span>;
  const [mean, interval] = parts(cell.difference_text);
  return (
    <>
      <span class={`against level-${cell.level}`}>{known && <Mark level={cell.level} quiet />}<span>{mean}</span></span> <span class="grey">{known && verdict(cell)}</span>
      <p class="grey">{interval} · {cell.digits}</p>
    </>
  );
}

/** The verdict with the share of the runs that bear it out. */
function verdict(cell: Cell): string {
  if (cell.better === null) return WORD[cell.verdict];
  if (cell.verdict === "unsure") return `not sure, better in ${percent(cell.better)}`;
  return `${WORD[cell.verdict]} in ${percent(cell.verdict === "worse" ? 1 - cell.better : cell.better)}`;
}

/** `−3.2 % (−4.1 to −2.5 %)` in its two parts. */
function parts(text: string): readonly [string, string] {
  const at = text.indexOf(" (");
  if (at < 0) return [text, ""];
  const end = text.indexOf(")", at);
  return [`${text.slice(0, at)}${text.slice(end + 1)}`, text.slice(at + 2, end)];
}
