import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { useView } from "../api/client.ts";
import { useBar } from "../api/live.ts";
import type { CaseView, RunRow, WhatIfResult } from "../api/types.ts";
import { filter, to, useRoute } from "../app/route.ts";
import { CoursePanel } from "../draw/courses.tsx";
import { DifferencesPanel } from "../draw/differences.tsx";
import { FrontPanel } from "../draw/front.tsx";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { age, percent } from "../words/format.ts";
import { dayTime, instant } from "../words/time.ts";
import { Comparison } from "./comparison.tsx";
import { act } from "./decide.tsx";
import { ProblemBox, Sentence, Skeleton, StaleNote } from "./states.tsx";

const FOLLOW_MS = 700;

/** A what-if: on its way with its progress, at its end with what it says. */
export function RunPage({ id }: { id: string }): JSX.Element {
  const [ended, setEnded] = useState(false);
  const path = `/whatif/runs/${encodeURIComponent(id)}`;
  const view = useView<RunRow>(path, ended ? 0 : FOLLOW_MS);
  const run = view.data;
  const over = run !== null && run.state !== "running" && run.state !== "waiting";
  if (over !== ended) setEnded(over);
  if (!run) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="list" />;
  if (run.state === "done") return <Result path={path} />;
  return (
    <>
      <Sentence headline={{ text: sentence(run), cost: "", level: "none" }} under={<Crumb run={run} />} />
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      <div class="two topped"><div class="stack"><Progress run={run} path={path} again={view.again} /></div><div class="stack side"><Cases run={run} /></div></div>
    </>
  );
}

function sentence(run: RunRow): string {
  const what = run.names.length > 1 ? `${run.names.length} cases` : run.title;
  if (run.state === "waiting") return `${what}: waits for its turn`;
  if (run.state === "running") return `${what}: ${percent(run.share)} done`;
  return run.state === "stopped" ? `${what}: stopped, nothing is told as a result` : `${what}: it could not be run to its end`;
}

function Crumb({ run, children }: { run: RunRow; children?: ComponentChildren }): JSX.Element {
  const bar = useBar(null);
  const zone = bar?.timezone ?? "UTC";
  return (
    <div class="under-line grey">
      <a class="under" href={to(["whatif"])}>What if</a>
      <span>› {run.runs} runs a case of {run.hours} h {run.start && `from ${dayTime(instant(run.start), zone)}`} · seed {run.seed} · asked {run.why ? "by an event" : `by ${run.by || "the twin"}`}</span>
      {children}
    </div>
  );
}

function Progress({ run, path, again }: { run: RunRow; path: string; again: () => void }): JSX.Element {
  const [asked, setAsked] = useState(false);
  const going = run.state === "running" || run.state === "waiting";
  const stop = async (): Promise<void> => {
    setAsked(true);
    if (!(await act(`${path}/stop`, {}, again))) setAsked(false);
  };
  const left = run.left_s === null ? (run.state === "waiting" ? "others are run first" : "the time left is not known yet") : `about ${age(run.left_s)} left`;
  return (
    <Panel title={going ? "The plant is run ahead" : run.state === "failed" ? "What went wrong" : "What became of it"} aside={going ? left : ""} picture={false}>
      {run.why && <p class="why-asked"><Mark level="watch" quiet /> asked by an event: {run.why}</p>}
      {going ? (
        <>
          <p class="change">{percent(run.share)} <span class="grey light">{left}</span></p>
          <progress class="share" max={1} value={run.share} aria-label="Share done" />
          <div class="row buttons">
            <button type="button" class="button tall" disabled={asked} onClick={() => void stop()}>{asked ? "Stopping …" : "Stop this run"}</button>
          </div>
          <p class="grey top-gap">The page may be left: the run goes on and is kept under “Runs so far”. A stopped run tells no result.</p>
        </>
      ) : (
        <>
          <p class="pre">{run.state === "failed" ? <><Mark level="act" quiet /> {run.text}</> : run.text}</p>
          <p class="grey top-gap">{percent(run.share)} of it was done. <a class="under" href={to(["whatif"])}>Choose scenarios again</a></p>
        </>
      )}
    </Panel>
  );
}

function Cases({ run }: { run: RunRow }): JSX.Element {
  return (
    <Panel title={run.names.length === 1 ? "1 case against doing nothing" : `${run.names.length} cases against doing nothing`} picture={false}>
      <ol class="cases">{run.names.map((name, i) => <li key={name}><span class="grey num">{i + 1}</span> {name}</li>)}</ol>
    </Panel>
  );
}

function Result({ path }: { path: string }): JSX.Element {
  const view = useView<WhatIfResult>(`${path}/result`, 0);
  const { query } = useRoute();
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="page" />;
  const result = view.data;
  const { run, cases, bar } = result;
  const best = cases.find((c) => c.number > 0 && result.headline.text.startsWith(`${c.name} `)) ?? cases.find((c) => c.number > 0 && c.on_front) ?? cases.find((c) => c.number > 0 && c.feasible) ?? cases[1];
  const chosen = cases.find((c) => c.number > 0 && String(c.number) === query.get("case")) ?? best;
  const choose = (number: number): void => filter({ case: number === best?.number ? "" : String(number) }, true);
  return (
    <>
      <Sentence
        headline={result.headline}
        under={<Crumb run={run}>
          {run.entry !== null && <a class="under" href={to(["proof"], { entry: String(run.entry) })}>sealed as entry {run.entry.toLocaleString("en-GB")}</a>}
          {result.same_as && <a class="under" href={to(["whatif", "run", result.same_as])}>the same run as before, once more</a>}
          {bar.may.includes("ask_what_if") && <Again path={path} />}
        </Crumb>}
      />
      {run.why && <p class="why-asked"><Mark level="watch" quiet /> asked by an event: {run.why}</p>}
      {result.under.length > 0 && <p class="why-asked"><Mark level="watch" quiet /> In every case, in doing nothing too: {result.under.join(", ")}</p>}
      <div class="two topped">
        <div class="stack">
          <DifferencesPanel result={result} chosen={chosen?.number ?? 0} />
          {chosen && result.courses.map((course) => <CoursePanel key={course.name} course={course} cases={cases} chosen={chosen} choose={choose} zone={bar.timezone} first={course === result.courses[0]} />)}
          <Made result={result} />
        </div>
        <div class="stack side">
          {result.front && <FrontPanel front={result.front} cases={cases} figures={result.figures} />}
          <Limits cases={cases} />
          <Doubts cases={cases} />
        </div>
      </div>
      <Comparison result={result} path={path} />
    </>
  );
}

function Again({ path }: { path: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const send = async (): Promise<void> => {
    setBusy(true);
    await act(`${path}/again`, {});
    setBusy(false);
  };
  return <button type="button" class="link" disabled={busy} onClick={() => void send()}>Run it once more</button>;
}

/** Limits that some run breaks, by limit; what is kept everywhere is one line, what cannot be judged another. */
function Limits({ cases }: { cases: readonly CaseView[] }): JSX.Element {
  const impossible = cases.filter((c) => !c.feasible);
  const broken = cases.flatMap((c) => c.limits.filter((l) => (l.broken ?? 0) > 0 && !c.why_not.includes(l.text)).map((l) => ({ of: c, limit: l })));
  const names = [...new Set(cases.flatMap((c) => c.limits.map((l) => l.name)))];
  const kept = names.filter((n) => cases.every((c) => c.limits.every((l) => l.name !== n || l.broken === 0)));
  const unjudged = [...new Set(cases.flatMap((c) => c.limits.filter((l) => l.broken === null).map((l) => l.text)))];
  const title = impossible.length ? `${impossible.length === 1 ? "1 case" : `${impossible.length} cases`} cannot be chosen` : broken.length ? "Limits are touched, no case is out" : names.length ? "All limits that can be judged are kept" : "No limit is stated for this plant";
  const groups = [...new Set(broken.map((b) => b.limit.name))].map((name) => [name, broken.filter((b) => b.limit.name === name)] as const);
  return (
    <Panel title={title} aside="share of the runs" picture={false} behind={{ name: "limits", head: ["Case", "Limit", "Share of runs that break it", "Text"], rows: () => cases.flatMap((c) => c.limits.map((l) => [c.name, l.name, l.broken, l.text])) }}>
      <ul class="limits">
        {impossible.map((c) => (
          <li key={`no-${c.number}`}><Mark level="act" quiet /><div><p><b>{c.number || ""} {c.name}</b></p>{c.why_not.map((text) => <p key={text} class="grey">{text}</p>)}</div></li>
        ))}
        {groups.map(([name, rows]) => {
          const alike = rows.length === cases.length && new Set(rows.map((r) => r.limit.broken)).size === 1;
          const worst = rows.some((r) => r.limit.level === "act") ? "act" : "watch";
          return <li key={name}><Mark level={worst} quiet /><div><p>{name}</p><p class="grey">{alike ? `in all cases alike, ${percent(rows[0]?.limit.broken)} of the runs` : rows.map((r) => `${r.of.name} ${percent(r.limit.broken)}`).join(", ")}</p></div></li>;
        })}
        {kept.length > 0 && <li><Mark level="ok" quiet /><p>{kept.join(", ")}: <span class="grey">kept in every run of every case</span></p></li>}
        {unjudged.map((text) => <li key={text} class="grey"><Mark level="stale" quiet /><p>{text}</p></li>)}
      </ul>
    </Panel>
  );
}

/** What to hold against the figures: machines that the model does not track, and notes of the scenarios. */
function Doubts({ cases }: { cases: readonly CaseView[] }): JSX.Element | null {
  const told = cases.flatMap((c) => [...c.doubts.map((text) => ({ of: c, text, doubt: true })), ...c.notes.map((text) => ({ of: c, text, doubt: false }))]);
  if (!told.length) return null;
  return (
    <Panel title="What speaks against it" picture={false}>
      <ul class="limits">
        {told.map((t) => <li key={`${t.of.number}${t.text}`}><Mark level={t.doubt ? "watch" : "stale"} quiet /><div><p>{t.text}</p><p class="grey">{t.of.name}</p></div></li>)}
      </ul>
    </Panel>
  );
}

/** From what the figures were made, and what is not in them. */
function Made({ result }: { result: WhatIfResult }): JSX.Element {
  const { run } = result;
  return (
    <Panel title="How it was made" aside="same seed, same figures" picture={false}>
      <div class="made">
      <dl class="facts plainly">
        <div><dt class="grey">Runs</dt><dd>{result.speed}; every case has the same chance</dd></div>
        <div><dt class="grey">Model</dt><dd class="breaks">{result.code}</dd></div>
        <div><dt class="grey">Digest</dt><dd class="mono breaks">{run.digest}</dd></div>
        <div><dt class="grey">Sealed</dt><dd>{run.entry === null ? "not sealed" : <a class="under" href={to(["proof"], { entry: String(run.entry) })}>entry {run.entry.toLocaleString("en-GB")}</a>}</dd></div>
      </dl>
      {result.left_out.length > 0 && (
        <div>
          <p class="grey">Not in the figures:</p>
          <ul class="limits">{result.left_out.map((text) => <li key={text}><Mark level="stale" quiet /><p>{text}</p></li>)}</ul>
        </div>
      )}
      </div>
    </Panel>
  );
}
