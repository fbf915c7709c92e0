import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useView } from "../api/client.ts";
import type { Accounts, BalanceRow, Explain, MeasureRow, RevisionRow, Step } from "../api/types.ts";
import { filter, to, useRoute } from "../app/route.ts";
import { Figures } from "../draw/figures.tsx";
import { Mark, Tick } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { PathPanel } from "../draw/path.tsx";
import { percent, signed, three } from "../words/format.ts";
import { dayTime, instant } from "../words/time.ts";
import { ProblemBox, Sentence, Skeleton, StaleNote } from "./states.tsx";

export function AccountsPage(): JSX.Element {
  const { query } = useRoute();
  const element = query.get("element") ?? query.get("area") ?? "";
  const period = query.get("period") ?? "today";
  const asked = new URLSearchParams({ ...(element ? { element } : {}), period });
  const view = useView<Accounts>(`/accounts?${asked.toString()}`, 5000);
  const measure = query.get("measure");
  if (!view.data)
    return view.problem ? (
      <>
        <ProblemBox problem={view.problem} again={view.again} />
        <p><button type="button" class="link" onClick={() => filter({ period: "", element: "" })}>Show today, the whole plant</button></p>
      </>
    ) : (
      <Skeleton kind="page" />
    );
  const data = view.data;
  return (
    <>
      <Sentence headline={data.headline} under={<Choice view={data} period={period} element={element} />} />
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      {data.figures.length > 0 && <Figures figures={data.figures} />}
      <div class="two">
        <div class="stack">
          {data.path && <PathPanel path={data.path} />}
          <Measures title={data.measures.length ? `${data.measures.length} figures of ${data.period}` : `No figures of ${data.period} yet`} rows={data.measures} period={data.period} name="figures" chosen={measure} />
          {data.parts.length > 0 && <Measures title="By part of the plant" rows={data.parts} period="Part" name="parts" chosen={measure} byPart />}
          <Balances rows={data.balances} />
        </div>
        <div class="stack side">
          {measure ? <Proof id={measure} /> : (
            <Panel title="Prove a figure" picture={false}>
              <p class="empty">Choose a figure in the table. Its counter, factor, method, revisions and seal open here, step by step.</p>
            </Panel>
          )}
          {data.refused.length > 0 && <Refused texts={data.refused} />}
          <Reports view={data} period={period} element={element} />
          <Quarantine view={data} />
          <Revisions rows={data.revisions} zone={data.bar.timezone} />
        </div>
      </div>
    </>
  );
}

/** The local day in the plant's zone, shifted by days, as 2026-06-18. */
function localDay(now: string, zone: string, shift: number): string {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  const today = parts.format(instant(now));
  const noon = Date.parse(`${today}T12:00:00Z`) + shift * 86_400_000;
  return new Date(noon).toISOString().slice(0, 10);
}

function Choice({ view, period, element }: { view: Accounts; period: string; element: string }): JSX.Element {
  const { bar } = view;
  const today = localDay(bar.now, bar.timezone, 0);
  const month = today.slice(0, 7);
  const before = localDay(`${month}-01T12:00:00Z`, "UTC", -2).slice(0, 7);
  const known: readonly (readonly [string, string])[] = [["today", "Today"], [localDay(bar.now, bar.timezone, -1), "Yesterday"], [month, "This month"], [before, "Last month"], [today.slice(0, 4), "This year"]];
  return (
    <div class="under-line">
      <span class="chips" role="group" aria-label="Period">
        {known.map(([id, name]) => <button key={id} type="button" aria-pressed={period === id} onClick={() => filter({ period: id === "today" ? "" : id, measure: "" })}>{name}</button>)}
      </span>
      <label class="inline"><span class="hidden">Day</span><input type="date" max={today} value={/^\d{4}-\d\d-\d\d$/.test(period) ? period : ""} onChange={(e) => e.currentTarget.value && filter({ period: e.currentTarget.value, measure: "" })} /></label>
      <select class="select" aria-label="Part of the plant" value={element} onChange={(e) => filter({ element: e.currentTarget.value, measure: "" })}>
        <option value="">Whole plant</option>
        {bar.areas.map((a) => <option key={a.id} value={a.id}>{a.name}</option>)}
        {element && !bar.areas.some((a) => a.id === element) && <option value={element}>{element}</option>}
      </select>
    </div>
  );
}

interface MeasuresProps {
  title: string;
  rows: readonly MeasureRow[];
  period: string;
  name: string;
  chosen: string | null;
  byPart?: boolean;
}

const HEAD = ["Element", "Figure", "Value", "Unit", "95 % interval", "Coverage", "Estimated share", "Factor", "Method", "Ledger entry"];

function Measures({ title, rows, period, name, chosen, byPart = false }: MeasuresProps): JSX.Element {
  const [all, setAll] = useState(false);
  const seen = all || byPart ? rows : rows.filter((r) => r.first || r.id === chosen);
  const hidden = rows.length - seen.length;
  return (
    <Panel title={title} picture={false} behind={{ name, head: HEAD, rows: () => rows.map((r) => [r.element_name, r.name, r.value, r.unit, r.interval, r.coverage, r.estimated_share, r.factor, r.method, r.entry]) }}>
      {rows.length === 0 ? (
        <p class="empty">Figures come with the first closed minute of the period. For a past period without data, import it with `ecotwin replay`.</p>
      ) : (
        <table class="rows measures">
          <thead>
            <tr>
              <th scope="col">{period.charAt(0).toUpperCase() + period.slice(1)}</th><th scope="col" class="num">Value</th><th scope="col"><span class="hidden">Unit</span></th><th scope="col" class="num wide">95 % interval</th>
              <th scope="col" class="wide">Measured</th><th scope="col" class="num wide">Estimated, %</th><th scope="col" class="wide">Factor</th><th scope="col" class="num">Sealed</th>
            </tr>
          </thead>
          <tbody>
            {seen.map((r, i) => [
              !byPart && r.head !== "" && r.head !== seen[i - 1]?.head && <tr key={`head-${r.head}`} class="family"><th scope="rowgroup" colSpan={8}>{r.head}</th></tr>,
              <tr key={r.id} class={r.id === chosen ? "chosen" : ""}>
                <th scope="row" class={`ink ${r.indent === 0 && !byPart ? "strong" : ""} indent-${Math.min(3, r.indent)}`}>
                  <a href={toMeasure(r.id)} aria-current={r.id === chosen ? "true" : undefined}>{byPart ? `${r.element_name} · ${r.name}` : r.name}</a>
                </th>
                <td class="num"><b>{r.digits}</b></td>
                <td class="grey unit">{r.unit}</td>
                <td class="num wide grey">{r.interval}</td>
                <td class="wide"><Measured coverage={r.coverage} estimated={r.estimated_share} /></td>
                <td class={`num wide ${r.estimated_share > 0.5 ? "strong level-watch" : "grey"}`}>{(r.estimated_share * 100).toFixed(1)}</td>
                <td class="wide grey factor">{r.factor}</td>
                <td class="num">{r.entry === null ? <span class="grey">–</span> : <a href={to(["proof"], { entry: String(r.entry) })}><Tick passed /> {r.entry.toLocaleString("en-GB")}</a>}</td>
              </tr>,
            ])}
          </tbody>
        </table>
      )}
      {(hidden > 0 || all) && <button type="button" class="button top-gap" onClick={() => setAll(!all)}>{all ? "Show the main figures" : `Show ${hidden} more: by product, shift, order and part`}</button>}
    </Panel>
  );
}

/** The same view with another figure opened. */
function toMeasure(id: string): string {
  const query = new URLSearchParams(location.search);
  query.set("measure", id);
  return `${location.pathname}?${query.toString()}`;
}

/** Measured in ink, estimated pale with a dashed edge, missing left open. */
function Measured({ coverage, estimated }: { coverage: number; estimated: number }): JSX.Element {
  const wide = 86;
  const solid = Math.max(0, Math.min(1, coverage));
  const guess = Math.max(0, Math.min(1 - solid, estimated));
  return (
    <svg class="measured" width={wide + 2} height="10" role="img" aria-label={`${percent(coverage)} measured`}>
      {guess > 0 && <rect class="guess" x={1 + solid * wide} y="1" width={guess * wide} height="8" />}
      <rect class="solid" x="1" y="1" width={solid * wide} height="8" />
    </svg>
  );
}

function Balances({ rows }: { rows: readonly BalanceRow[] }): JSX.Element {
  const open = rows.filter((r) => !r.closes).length;
  const title = rows.length === 0 ? "No balances" : open === 0 ? "Every balance closes: nowhere does more leave than comes in" : `${open} of ${rows.length} balances do not close`;
  return (
    <Panel title={title} aside="in = out + rest" picture={false} behind={{ name: "balances", head: ["Balance", "Carrier", "Unit", "In", "Out", "Rest", "Rest name", "Tolerance", "Closes"], rows: () => rows.map((r) => [r.name, r.carrier, r.unit, r.inflow, r.outflow, r.rest, r.rest_name, r.tolerance, r.closes ? "yes" : "no"]) }}>
      {rows.length === 0 ? (
        <p class="empty">The plant file names no balance for this part. With a main meter and its sub-meters the rest that nobody meters becomes visible.</p>
      ) : (
        <table class="rows balances">
          <thead><tr><th scope="col">Balance</th><th scope="col" class="num">In</th><th scope="col" class="num">Out</th><th scope="col" class="num">Rest</th><th scope="col" class="wide">Rest is</th><th scope="col" class="num wide">Tolerance</th><th scope="col"><span class="hidden">Closes</span></th></tr></thead>
          <tbody>
            {rows.map((r) => (
              <tr key={r.id}>
                <th scope="row" class="ink">{r.name} <span class="grey">{r.unit}</span></th>
                <td class="num">{three(r.inflow)}</td><td class="num">{three(r.outflow)}</td>
                <td class={r.closes ? "num" : "num strong level-act"}>{signed(r.rest, Math.abs(r.rest) >= 100 ? 0 : 1)}</td>
                <td class="wide grey">{r.rest_name}</td><td class="num wide grey">±{three(r.tolerance)}</td>
                <td class="num"><Tick passed={r.closes} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

const REFUSED_SHOWN = 5;

/** What cannot be had or is doubtful: the first few, the rest on demand. */
function Refused({ texts }: { texts: readonly string[] }): JSX.Element {
  const [all, setAll] = useState(false);
  const more = texts.length - REFUSED_SHOWN;
  return (
    <Panel title={texts.length === 1 ? "1 figure is missing or doubtful" : `${texts.length} notes on what is missing or doubtful`} picture={false} behind={{ name: "notes", head: ["Note"], rows: () => texts.map((t) => [t]) }}>
      <ul class="refusals">
        {(all ? texts : texts.slice(0, REFUSED_SHOWN)).map((text) => {
          const [head, ...rest] = text.split(/(?<=\.)\s/);
          return <li key={text}><Mark level="watch" quiet /><div><p><b>{head}</b></p><p class="grey">{rest.join(" ")}</p></div></li>;
        })}
      </ul>
      {more > 0 && <button type="button" class="button top-gap" onClick={() => setAll(!all)}>{all ? "Show fewer" : `Show ${more} more`}</button>}
    </Panel>
  );
}

/** Reports of the period and element that the page shows, each as a file for people, sums or machines. */
function Reports({ view, period, element }: { view: Accounts; period: string; element: string }): JSX.Element {
  const asked = new URLSearchParams({ ...(element ? { element } : {}), period }).toString();
  return (
    <Panel title={`${view.reports.length} reports of this period`} picture={false}>
      <ul class="reports">
        {view.reports.map((r) => (
          <li key={r.name}>
            <div><p><b>{r.title}</b></p><p class="grey">{r.standard}</p></div>
            <span class="row">
              {view.forms.map((form) => <a key={form} class="link" href={`/api/v1/reports/${r.name}.${form}?${asked}`} download aria-label={`${r.title} as ${form.toUpperCase()}`}>{form.toUpperCase()}</a>)}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Quarantine({ view }: { view: Accounts }): JSX.Element {
  const n = view.quarantine.reduce((sum, r) => sum + r.count, 0);
  return (
    <Panel title={n === 0 ? "No sample in quarantine" : `${n.toLocaleString("en-GB")} samples in quarantine`} picture={false} behind={{ name: "quarantine", head: ["Reason", "Count", "Text"], rows: () => view.quarantine.map((r) => [r.reason, r.count, r.text]) }}>
      {n === 0 ? <p class="empty">Every sample of this period was taken. What cleaning rejects is counted and kept here.</p> : (
        <ul class="counts">{view.quarantine.map((r) => <li key={r.reason}><b class="num">{r.count.toLocaleString("en-GB")}</b><div><p>{r.reason}</p><p class="grey">{r.text}</p></div></li>)}</ul>
      )}
    </Panel>
  );
}

const REVISIONS_SHOWN = 6;

function Revisions({ rows, zone }: { rows: readonly RevisionRow[]; zone: string }): JSX.Element {
  return (
    <Panel title={rows.length === 0 ? "No figure was revised" : rows.length === 1 ? "1 revision by late data" : `${rows.length} revisions by late data`} picture={false} behind={{ name: "revisions", head: ["Signal", "At (UTC)", "Before", "After", "Known at (UTC)"], rows: () => rows.map((r) => [r.signal, r.at, r.before, r.after, r.known_at]) }}>
      {rows.length === 0 ? <p class="empty">No late data has changed this period. When it does, both values stay, with when each was known.</p> : (
        <ul class="revisions">
          {rows.slice(0, REVISIONS_SHOWN).map((r) => <li key={r.signal + r.at + r.known_at}><p><b>{r.signal}</b> {dayTime(instant(r.at), zone)}</p><p class="grey">{r.before} → {r.after}, known {dayTime(instant(r.known_at), zone)}</p></li>)}
        </ul>
      )}
      {rows.length > REVISIONS_SHOWN && <p class="grey">{rows.length - REVISIONS_SHOWN} more in the table (the three dots)</p>}
    </Panel>
  );
}

/** The tree of one figure, from the value down to counter, factor and seal. */
function Proof({ id }: { id: string }): JSX.Element {
  const view = useView<Explain>(`/explain/${encodeURIComponent(id)}`, 0);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <div class="panel"><div class="skeleton block-wait" /></div>;
  const { title, value, interval, formula, steps, entry } = view.data;
  return (
    <section class="panel proof" aria-label="Prove this figure">
      <header class="panel-head rule"><h2>Prove this figure</h2><span class="aside grey">{title}</span></header>
      <p class="change">{value} <span class="grey light">{interval}</span></p>
      <p class="grey">{formula}</p>
      <Tree steps={steps} />
      <div class="row buttons">
        {entry !== null && <a class="button first" href={`/api/v1/proof/${entry}/evidence`} download={`evidence-${entry}.zip`}>Download evidence</a>}
        <button type="button" class="button" onClick={view.again}>Check again now</button>
      </div>
      {entry === null ? <p class="grey top-gap">Not sealed yet: the entry is made when the period closes.</p> : <p class="grey top-gap">Checks offline, without us: <b class="ink-text">ecotwin verify evidence-{entry}.zip</b></p>}
    </section>
  );
}

function Tree({ steps }: { steps: readonly Step[] }): JSX.Element {
  return (
    <ol class="tree">
      {steps.map((s) => (
        <li key={s.name + s.text} class={/seal|sign/i.test(s.name) ? "sealed" : ""}>
          <div class="step">
            <span class="grey step-name">{s.name}</span>
            <div><p><b>{s.text}</b></p>{s.detail && <p class="grey">{s.detail}</p>}</div>
          </div>
          {s.steps.length > 0 && <Tree steps={s.steps} />}
        </li>
      ))}
    </ol>
  );
}
