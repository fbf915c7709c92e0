import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Refusal, post } from "../api/client.ts";
import type { Problem, Scenarios, Started, WhatIfQuestion } from "../api/types.ts";
import { filter, go, to, useRoute } from "../app/route.ts";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { dayTime, fromWall, instant, wall } from "../words/time.ts";
import { picked } from "./whatif.tsx";

/** Ask for a run; the page goes to it. What was refused is given back in words. */
export async function runAhead(question: WhatIfQuestion): Promise<Problem | null> {
  try {
    const started = await post<Started>("/whatif/runs", question);
    go(to(["whatif", "run", started.id]));
    return null;
  } catch (error) {
    return error instanceof Refusal ? error.problem : { found: String(error), expected: "", remedy: "" };
  }
}

export function Refused({ problem }: { problem: Problem }): JSX.Element {
  return (
    <div class="said" role="alert">
      <p class="level-act"><Mark level="act" quiet /> <b class="pre">{problem.found}</b></p>
      {problem.expected && <p class="grey">Expected: {problem.expected}</p>}
      {problem.remedy && <p class="grey">What to do: {problem.remedy}</p>}
    </div>
  );
}

/** A number of the form that lives in the address; what is no number in range falls back to the proposal. */
function numberOf(query: URLSearchParams, key: string, proposed: number, low: number, high: number): number {
  const given = Number(query.get(key) ?? "");
  return query.get(key) && Number.isFinite(given) ? Math.min(high, Math.max(low, given)) : proposed;
}

/** Wall clock of an instant as an input of date and time wants it. */
function local(at: number, zone: string): string {
  return new Date(wall(at, zone)).toISOString().slice(0, 16);
}

/** A number that is kept once it is whole: what is being typed stays, whatever else of the page is drawn anew. */
function Figure({ name, value, keep, ...bounds }: { name: string; value: number; keep: (text: string) => void; min: number; max?: number; step: number | "any" }): JSX.Element {
  const [typed, setTyped] = useState<string | null>(null);
  const done = (text: string): void => {
    setTyped(null);
    keep(text);
  };
  return <label class="field">{name}<input type="number" {...bounds} value={typed ?? value} onInput={(e) => setTyped(e.currentTarget.value)} onChange={(e) => done(e.currentTarget.value)} onBlur={() => setTyped(null)} /></label>;
}

/** From where, how long, how often, by which chance; and the one button. */
export function Ahead({ view }: { view: Scenarios }): JSX.Element {
  const { query } = useRoute();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { form, bar } = view;
  const known = new Map(view.scenarios.map((s) => [s.id, s]));
  const named = (ids: readonly string[]): string[] => ids.filter((id) => known.has(id));
  const chosen = named(picked(query, "try"));
  const held = named(picked(query, "under")).filter((id) => !chosen.includes(id));
  const hours = numberOf(query, "hours", form.hours, 0.25, form.most_hours);
  const runs = Math.round(numberOf(query, "runs", form.runs, 2, form.most_runs));
  const seed = Math.round(numberOf(query, "seed", form.seed, 0, 2 ** 31 - 1));
  const start = query.get("from") ?? form.starts[0]?.[0] ?? "live";
  const timed = !form.starts.some(([value]) => value === start);
  const set = (changes: Record<string, string>): void => filter(changes, true);
  const pickStart = (value: string): void => set({ from: value === "time" ? new Date(instant(bar.now) - 3_600_000).toISOString() : value === form.starts[0]?.[0] ? "" : value });
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(await runAhead({ scenarios: chosen, texts: [], under: held, start, hours, runs, seed, title: "" }));
    setBusy(false);
  };
  const ready = chosen.length > 0 && view.may_run;
  return (
    <Panel class="ahead" title={chosen.length ? `${chosen.length === 1 ? "1 case" : `${chosen.length} cases`} against doing nothing` : "Choose scenarios to compare"} picture={false}>
      <form onSubmit={(event) => void send(event)}>
        {chosen.length === 0 ? <p class="grey">Each one is run against doing nothing, with the same chance in both, so that what differs is the scenario alone.</p> : (
          <ul class="cases">{chosen.map((id, i) => <li key={id}><span class="grey num">{i + 1}</span> {known.get(id)?.name}</li>)}</ul>
        )}
        {held.length > 0 && <p class="grey top-gap">In all cases: {held.map((id) => known.get(id)?.name).join(", ")}</p>}
        <div class="ask">
          <label class="field whole">From
            <select class="select" value={timed ? "time" : start} onChange={(e) => pickStart(e.currentTarget.value)}>
              {form.starts.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
              <option value="time">where it stood at a time</option>
            </select>
          </label>
          {timed && (
            <label class="field whole">Time ({bar.timezone})
              <input type="datetime-local" max={local(instant(bar.now), bar.timezone)} value={local(instant(start) || instant(bar.now), bar.timezone)} onChange={(e) => e.currentTarget.value && set({ from: new Date(fromWall(Date.parse(`${e.currentTarget.value}Z`), bar.timezone)).toISOString() })} />
            </label>
          )}
          <Figure name="Hours ahead" min={0.25} max={form.most_hours} step="any" value={hours} keep={(hours) => set({ hours })} />
          <Figure name="Runs a case" min={2} max={form.most_runs} step={1} value={runs} keep={(runs) => set({ runs })} />
          <Figure name="Seed" min={0} step={1} value={seed} keep={(seed) => set({ seed })} />
        </div>
        <div class="row">
          <button type="submit" class="button first tall grow" disabled={!ready || busy}>{busy ? "Taking it up …" : `Run ahead ${hours} h, ${runs} times`}</button>
        </div>
      </form>
      {!view.may_run && <p class="grey refused">{view.refused}</p>}
      {problem && <Refused problem={problem} />}
      <p class="grey top-gap">Nothing is sent to a machine. In the plant it is {dayTime(instant(bar.now), bar.timezone)}.</p>
    </Panel>
  );
}
