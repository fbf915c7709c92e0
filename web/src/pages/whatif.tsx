import type { JSX } from "preact";
import { useView } from "../api/client.ts";
import type { RunRow, Runs, ScenarioRow, Scenarios } from "../api/types.ts";
import { filter, to, useRoute } from "../app/route.ts";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { percent } from "../words/format.ts";
import { dayTime, instant } from "../words/time.ts";
import { Ahead } from "./ahead.tsx";
import { DesignsDoor, DesignsPage } from "./designs.tsx";
import { Fidelity } from "./fidelity.tsx";
import { RunPage } from "./run.tsx";
import { ScenarioPage } from "./scenario.tsx";
import { ProblemBox, Sentence, Skeleton, StaleNote } from "./states.tsx";

/** What if: the shelf of scenarios (`/whatif`), one's text (`/whatif/text/ID`), a run and its result (`/whatif/run/ID`), designs (`/whatif/designs`). */
export function WhatIfPages({ path }: { path: readonly string[] }): JSX.Element {
  const [part, id] = path;
  if (part === "run" && id !== undefined) return <RunPage key={id} id={id} />;
  if (part === "designs") return <DesignsPage id={id} />;
  if (part === "text") return <ScenarioPage key={id ?? ""} id={id} />;
  return <ShelfPage />;
}

function ShelfPage(): JSX.Element {
  const view = useView<Scenarios>("/whatif/scenarios", 10_000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="list" />;
  return (
    <>
      <Sentence headline={view.data.headline} />
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      <div class="two topped">
        <div class="stack">
          <Shelf view={view.data} />
        </div>
        <div class="stack side">
          <Ahead view={view.data} />
          <Earlier />
          <DesignsDoor />
          <Fidelity />
        </div>
      </div>
    </>
  );
}

/** Ids in the address under a key. */
export function picked(query: URLSearchParams, key: "try" | "under"): string[] {
  return (query.get(key) ?? "").split(",").filter(Boolean);
}

function turn(query: URLSearchParams, key: "try" | "under", id: string): void {
  const before = picked(query, key);
  const after = before.includes(id) ? before.filter((x) => x !== id) : [...before, id];
  filter({ [key]: after.join(",") }, true);
}

/** Scenarios to choose from; what may happen stands apart from what may be done. */
function Shelf({ view }: { view: Scenarios }): JSX.Element {
  const deeds = view.scenarios.filter((s) => !s.event);
  const events = view.scenarios.filter((s) => s.event);
  const head = ["Scenario", "Changes", "Event", "From", "Version", "Author", "Description", "Faults"];
  const rows = (): (string | number)[][] =>
    view.scenarios.map((s) => [s.name, s.changes.join("; "), s.event ? "yes" : "no", s.origin, s.version, s.author, s.description, s.faults.join("; ")]);
  return (
    <>
      <Panel
        title={deeds.length ? "What could be done otherwise" : "No scenario of something to do yet"}
        aside={<a class="under" href={to(["whatif", "text"])}>Write one of your own</a>}
        picture={false}
        behind={{ name: "scenarios", head, rows }}
      >
        {deeds.length ? <Rows rows={deeds} events={false} zone={view.bar.timezone} /> : (
          <p class="empty">Scenarios come from the folder `scenarios` beside the plant's books, or are written here: a set-point, a shift, a machine, a material, a price, and what it would change.</p>
        )}
      </Panel>
      {events.length > 0 && (
        <Panel title="What could happen" aside="compare it, or let it hold in every case" picture={false}>
          <Rows rows={events} events zone={view.bar.timezone} />
        </Panel>
      )}
    </>
  );
}

function Rows({ rows, events, zone }: { rows: readonly ScenarioRow[]; events: boolean; zone: string }): JSX.Element {
  const { query } = useRoute();
  const chosen = picked(query, "try");
  const held = picked(query, "under");
  return (
    <table class="rows shelf">
      <thead>
        <tr>
          <th scope="col" class="pick"><span class="hidden">Compare</span></th><th scope="col">Scenario</th><th scope="col" class="wide">Changes</th>
          {events && <th scope="col" class="num">In all cases</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map((s) => {
          const wrong = s.faults.length > 0;
          return (
            <tr key={s.id} data-id={s.id} class={chosen.includes(s.id) || held.includes(s.id) ? "chosen" : ""}>
              <td class="pick"><label><input type="checkbox" checked={chosen.includes(s.id)} disabled={wrong} onChange={() => turn(query, "try", s.id)} /><span class="hidden">Compare {s.name}</span></label></td>
              <th scope="row" class="ink">
                <a class="strong" href={to(["whatif", "text", s.id])}>{s.name}</a>
                {s.description && <p class="grey">{s.description}</p>}
                {wrong && <p class="level-act"><Mark level="act" quiet /> It cannot be run as the plant is now: {s.faults[0]}{s.faults.length > 1 && ` (and ${s.faults.length - 1} more)`}</p>}
              </th>
              <td class="wide grey changes">
                {s.changes.map((text) => <p key={text}>{text}</p>)}
                {s.origin === "saved" && <p class="saved">version {s.version}, {s.author || "unknown"}{s.saved_at && `, ${dayTime(instant(s.saved_at), zone)}`}</p>}
              </td>
              {events && <td class="num pick"><label><input type="checkbox" checked={held.includes(s.id)} disabled={wrong} onChange={() => turn(query, "under", s.id)} /><span class="hidden">{s.name} holds in all cases</span></label></td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const RUNS_SHOWN = 12;

/** Earlier runs, newest first; those that an event asked for by itself say so. */
function Earlier(): JSX.Element {
  const view = useView<Runs>("/whatif/runs", 2000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <div class="panel"><div class="skeleton sheet-wait" /></div>;
  const { runs, bar } = view.data;
  return (
    <Panel
      title={runs.length ? "Runs so far" : "Nothing was run yet"}
      aside={runs.length ? "newest first" : ""}
      picture={false}
      behind={{ name: "what-ifs", head: ["Asked (UTC)", "Title", "State", "By", "Why", "Hours", "Runs", "Seed", "Digest", "Ledger entry"], rows: () => runs.map((r) => [r.asked_at, r.title, r.state, r.by, r.why, r.hours, r.runs, r.seed, r.digest, r.entry]) }}
    >
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      {runs.length === 0 && <p class="empty">Choose scenarios and run them ahead. Each result is kept here with its seed and its seal, and can be run again to the same figures.</p>}
      <ol class="earlier">
        {runs.slice(0, RUNS_SHOWN).map((r) => <Run key={r.id} run={r} zone={bar.timezone} />)}
      </ol>
      {runs.length > RUNS_SHOWN && <p class="grey">{runs.length - RUNS_SHOWN} more in the table (the three dots)</p>}
    </Panel>
  );
}

function Run({ run, zone }: { run: RunRow; zone: string }): JSX.Element {
  const level = run.state === "failed" ? "act" : run.state === "done" ? "ok" : run.state === "stopped" ? "stale" : "none";
  const told = run.state === "running" ? `running, ${percent(run.share)}` : run.state === "waiting" ? "waits for its turn" : run.state;
  return (
    <li data-id={run.id}>
      <Mark level={level} quiet />
      <div>
        <a class="title" href={to(["whatif", "run", run.id])}>{run.title}</a>
        <p class="grey">{dayTime(instant(run.asked_at), zone)} · {run.runs} runs of {run.hours} h · {run.by || "the twin"}</p>
        {run.why && <p class="why-asked"><Mark level="watch" quiet /> asked by an event: {run.why}</p>}
      </div>
      <span class={run.state === "failed" ? "num level-act strong" : "num grey"}>{told}</span>
    </li>
  );
}
