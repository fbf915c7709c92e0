import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useView } from "../api/client.ts";
import type { CauseRow, FindingRow, FindingView, Findings } from "../api/types.ts";
import { filter, to, useRoute } from "../app/route.ts";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { Strips, tracesBehind } from "../draw/strips.tsx";
import { instant } from "../words/time.ts";
import { Against, AdviceFacts, Checks, Decision, act } from "./decide.tsx";
import { FindingRows } from "./rows.tsx";
import { ProblemBox, Sentence, Skeleton, StaleNote } from "./states.tsx";

const KINDS: Record<string, string> = { excess: "too much used", process: "process", permit: "permit", sensor: "sensor or meter", data: "no data" };
const HEAD = ["Finding", "Where", "Likely", "Level", "State", "Kind", "kg CO2e a day", "Money a day"];
const record = (r: FindingRow): (string | number | null)[] => [r.title, r.where, r.likely, r.level, r.state, r.kind, r.co2e_kg_day, r.money_day];

export function FindingsPage(): JSX.Element {
  const { query } = useRoute();
  const view = useView<Findings>("/findings", 3000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="list" />;
  const { open, closed, bar, headline } = view.data;
  const kind = query.get("kind") ?? "";
  const kinds = [...new Set([...open, ...closed].map((r) => r.kind))].sort();
  const fits = (rows: readonly FindingRow[]): FindingRow[] => rows.filter((r) => !kind || r.kind === kind);
  return (
    <>
      <Sentence headline={headline} />
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      <div class="two topped">
        <section class="panel" aria-label="Open findings">
          <header class="panel-head findings-head">
            <h2>{fits(open).length === 0 ? "No open findings" : fits(open).length === 1 ? "1 open finding" : `${fits(open).length} open findings, worst first`}</h2>
            {fits(open).length > 0 && <><span class="grey num">kg CO₂e/d</span><span class="grey num">{bar.currency}/d</span></>}
          </header>
          {kinds.length > 1 && (
            <div class="chips" role="group" aria-label="Kind">
              {kinds.map((k) => <button key={k} type="button" aria-pressed={kind === k} onClick={() => filter({ kind: kind === k ? "" : k })}>{KINDS[k] ?? k}</button>)}
            </div>
          )}
          {fits(open).length ? <FindingRows rows={fits(open)} currency={bar.currency} drawn="all" /> : <p class="empty">A finding appears when a signal leaves what is expected for longer than the detectors' patience.</p>}
        </section>
        <div class="stack side">
          <Panel title={closed.length === 0 ? "No closed findings" : closed.length === 1 ? "1 closed finding" : closed.length >= 100 ? "The last 100 closed findings" : `${closed.length} closed findings`} aside={closed.length > 0 ? "newest first" : ""} picture={false} behind={{ name: "findings", head: HEAD, rows: () => [...open, ...closed].map(record) }}>
            {closed.length === 0 && <p class="empty">Findings that were mended or closed are kept here with what became of them.</p>}
            <ol class="closed">
              {together(fits(closed)).map((group) => (
                <li key={group[0]?.id}><Mark level="stale" quiet />{group.length < 3 ? group.map((r) => <Closed key={r.id} row={r} />) : <Several rows={group} />}</li>
              ))}
            </ol>
          </Panel>
        </div>
      </div>
    </>
  );
}

const times = (row: FindingRow): string => row.where.split(" · ").slice(1).join(" · ");

/** One outage silences many machines at once: findings of one kind that began and ended together stand together. */
function together(rows: readonly FindingRow[]): FindingRow[][] {
  const groups = new Map<string, FindingRow[]>();
  for (const row of rows) {
    const key = row.kind === "data" ? `${row.kind} ${times(row)}` : row.id;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((g) => (g.length < 3 ? g.map((r) => [r]) : [g]));
}

function Closed({ row }: { row: FindingRow }): JSX.Element {
  return <div><a class="title" href={to(["findings", row.id])}>{row.title}</a><p class="grey">{row.where}</p></div>;
}

function Several({ rows }: { rows: readonly FindingRow[] }): JSX.Element {
  const first = rows[0];
  return (
    <details class="several">
      <summary><b>No data from {rows.length} places</b><span class="grey">{first ? times(first) : ""}</span></summary>
      <ul>{rows.map((r) => <li key={r.id}><a href={to(["findings", r.id])}>{r.title}</a></li>)}</ul>
    </details>
  );
}

export function FindingPage({ id }: { id: string }): JSX.Element {
  const view = useView<FindingView>(`/findings/${encodeURIComponent(id)}`, 4000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="page" />;
  return (
    <>
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      <Shown view={view.data} again={view.again} />
    </>
  );
}

const WORDS: Record<string, string> = { ok: "as expected", watch: "watch", act: "act", stale: "stale", none: "learning" };

function Shown({ view, again }: { view: FindingView; again: () => void }): JSX.Element {
  const frame = { start: instant(view.start), end: instant(view.end), zone: view.bar.timezone };
  return (
    <>
      <Sentence
        headline={view.headline}
        under={
          <p class="under-line grey">
            <span class={`crumb level-${view.level} strong`}><Mark level={view.level} quiet /> {view.state === "open" ? WORDS[view.level] : view.state}</span>
            <span>·</span><a href={to(["findings"])}>Findings</a>
            {view.crumbs.map((c) => <span key={c.id}>› <a href={c.level === "machine" || c.level === "unit" ? to(["machines", c.id]) : to(["machines"], { under: c.id })}>{c.name}</a></span>)}
            <span>· {view.seen}</span>
          </p>
        }
      />
      <div class="two topped act-first">
        <div class="stack">
          <Panel title={view.traces_title} aside="band: 95 % expected" behind={tracesBehind("evidence", view.traces, frame)}>
            {view.traces.length ? (
              <Strips name="evidence" traces={view.traces} frame={frame} marks={view.marks} gaps={view.gaps} heights={[110, 64]} />
            ) : (
              <p class="empty">No trace is kept for this time: raw samples are older than the retention.</p>
            )}
          </Panel>
          {view.causes.length > 0 && <Causes view={view} />}
          <Panel title="What was measured" picture={false}>
            {view.evidence.length ? <ul class="evidence">{view.evidence.map((e) => <li key={e}>{e}</li>)}</ul> : <p class="empty">The trace above is the only evidence so far.</p>}
          </Panel>
          <Note view={view} again={again} />
        </div>
        <div class="stack side">
          <Panel title="Cost to the world, per day" aside="95 % interval" picture={false} behind={{ name: "cost", head: ["What", "Value", "Unit", "95 % interval"], rows: () => view.costs.map((c) => [c.name, c.value, c.unit, c.interval]) }}>
            {view.costs.length === 0 && <p class="grey">This finding by itself costs nothing that is counted; what it hides may.</p>}
            <table class="rows costs">
              <tbody>
                {view.costs.map((c) => <tr key={c.name}><th scope="row" class="ink">{c.name}</th><td class="num"><b>{c.value}</b></td><td class="grey unit">{c.unit}</td><td class="num grey">{c.interval}</td></tr>)}
              </tbody>
            </table>
            <p class="grey">{view.so_far}</p>
            <p class="grey">{view.how}</p>
          </Panel>
          {view.state !== "closed" && (
            <Panel title="What to do" aside="by hand" picture={false}>
              <Todo view={view} />
            </Panel>
          )}
          {view.advice && (
            <>
              <Panel title="Advised order" aside={view.advice.autonomy} picture={false}>
                <AdviceFacts advice={view.advice} />
                <Checks advice={view.advice} />
              </Panel>
              <Panel title="What speaks against the order" picture={false}>
                <Against advice={view.advice} />
                <Decision advice={view.advice} after={again} />
                <p class="grey seal">Every step is sealed in the ledger and can be checked offline. <a class="under" href={to(["advice", view.advice.id])}>Open this advice</a></p>
              </Panel>
            </>
          )}
        </div>
      </div>
    </>
  );
}

const CAUSE_HEAD = ["Cause", "Kind", "Probability", "Speaks for it", "Speaks against it", "What to do"];

/** Ranked causes with their probability, what speaks for each and what against. */
function Causes({ view }: { view: FindingView }): JSX.Element {
  return (
    <Panel
      title={view.causes_title}
      aside={view.causes_aside}
      picture={false}
      behind={{ name: "causes", head: CAUSE_HEAD, rows: () => view.causes.map((c) => [c.name, c.kind, c.percent, c.speaks_for.join(" "), c.speaks_against.join(" "), c.act]) }}
    >
      <table class="rows causes">
        <thead>
          <tr><th scope="col">Cause</th><th scope="col" class="num">Probability</th><th class="cause-bar" aria-hidden="true" /><th scope="col">Speaks for it</th><th scope="col">Speaks against it</th></tr>
        </thead>
        <tbody>
          {view.causes.map((c, i) => <Cause key={c.cause} cause={c} first={i === 0 && c.cause !== "unknown"} />)}
        </tbody>
      </table>
      {view.would_change.map((t) => <p key={t} class="grey why-change">{t}</p>)}
      {view.looked_at && <p class="grey">Looked at: {view.looked_at}</p>}
    </Panel>
  );
}

function Cause({ cause, first }: { cause: CauseRow; first: boolean }): JSX.Element {
  const told = first ? 3 : 1;
  return (
    <tr class={first ? "first" : ""}>
      <th scope="row" class="ink">{cause.name}</th>
      <td class="num">{cause.percent}</td>
      <td class="cause-bar" aria-hidden="true"><span style={{ width: `${Math.max(2, 100 * cause.share)}%` }} /></td>
      <td class="pro">{cause.speaks_for.slice(0, told).map((t) => <p key={t}>{t}</p>)}</td>
      <td class="con">{cause.speaks_against.slice(0, told).map((t) => <p key={t}>{t}</p>)}</td>
    </tr>
  );
}

const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);

/** What a person does who stands before it: for the likely causes in their order. */
function Todo({ view }: { view: FindingView }): JSX.Element {
  const worth = view.causes.filter((c) => c.cause !== "unknown" && c.share >= 0.1).slice(0, 3);
  return (
    <>
      {worth.length === 0 && <p class="empty">No cause stands out. Inspect it at the machine, then acknowledge or close the finding with what it was.</p>}
      <ol class="todo">
        {worth.map((c, i) => <li key={c.cause}><b>{i === 0 ? "First" : "Then"}: {c.verb.toLowerCase()}</b> <span>{c.act}</span> <span class="grey">If it is: {lowerFirst(c.name)} ({c.percent})</span></li>)}
      </ol>
      {view.leave.map((t) => <p key={t} class="leave">{t}</p>)}
    </>
  );
}

/** A person takes note of the finding, or closes it; the note is sealed with the name. */
function Note({ view, again }: { view: FindingView; again: () => void }): JSX.Element | null {
  const [note, setNote] = useState("");
  const [cause, setCause] = useState("");
  if (view.state === "closed") return view.note ? <Panel title="Closed" picture={false}><p>{view.note}</p></Panel> : null;
  const send = async (verb: "acknowledge" | "close"): Promise<void> => {
    if (await act(`/findings/${encodeURIComponent(view.id)}/${verb}`, verb === "close" ? { note: note.trim(), turned_out: cause } : { note: note.trim() })) setNote("");
    again();
  };
  return (
    <Panel title={view.state === "acknowledged" ? "Acknowledged" : "Has somebody seen to it?"} aside="what it was teaches the next diagnosis" picture={false}>
      {view.note && <p class="note-said">{view.note}</p>}
      {view.may_acknowledge ? (
        <form class="note-form" onSubmit={(e) => { e.preventDefault(); void send("acknowledge"); }}>
          <input type="text" aria-label="Note" placeholder="What was seen or done" value={note} onInput={(e) => setNote(e.currentTarget.value)} />
          {view.causes.length > 0 && (
            <select class="select" aria-label="What it was" value={cause} onChange={(e) => setCause(e.currentTarget.value)}>
              <option value="">What it was: not known yet</option>
              {view.causes.map((c) => <option key={c.cause} value={c.cause}>{c.name}</option>)}
            </select>
          )}
          {view.state === "open" && <button type="submit" class="button">Acknowledge</button>}
          <button type="button" class="button" disabled={!note.trim()} onClick={() => void send("close")}>Close with note</button>
        </form>
      ) : (
        <p class="grey">Your role may read this finding. Operators and engineers of this area may acknowledge it.</p>
      )}
    </Panel>
  );
}
