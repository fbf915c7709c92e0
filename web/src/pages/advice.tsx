import type { JSX } from "preact";
import { useView } from "../api/client.ts";
import type { AdviceList, AdviceView, Event, SavingView } from "../api/types.ts";
import { to } from "../app/route.ts";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { linear } from "../draw/scale.ts";
import { percent, three } from "../words/format.ts";
import { dayTime, instant } from "../words/time.ts";
import { Against, AdviceFacts, Checks, Decision, decide } from "./decide.tsx";
import { AdviceRows } from "./rows.tsx";
import { ProblemBox, Sentence, Skeleton, StaleNote } from "./states.tsx";

export function AdvicePages({ id }: { id: string | undefined }): JSX.Element {
  return id === undefined ? <ListPage /> : <OnePage id={id} />;
}

function Entry({ index }: { index: number | null }): JSX.Element {
  return index === null ? <span class="grey">not sealed yet</span> : <a class="under" href={to(["proof"], { entry: String(index) })}>entry {index.toLocaleString("en-GB")}</a>;
}

function ListPage(): JSX.Element {
  const view = useView<AdviceList>("/advice", 3000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="list" />;
  const { open, past, savings, headline } = view.data;
  return (
    <>
      <Sentence headline={headline} />
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      <div class="two topped">
        <div class="stack">
          <Panel
            title={open.length === 0 ? "No advice waits" : open.length === 1 ? "1 piece of advice waits" : `${open.length} pieces of advice wait`}
            aside={open.length > 0 ? "decide by, next deadline first" : ""}
            picture={false}
            behind={{ name: "advice", head: ["Advice", "Saves", "Decide by", "State", "Text"], rows: () => [...open, ...past].map((a) => [a.title, a.saves, a.decide_by, a.state, a.state_text]) }}
          >
            {open.length === 0 && <p class="empty">Nothing waits for a decision. The advisors look at every tick; what they find appears here until its deadline.</p>}
            <ol class="advice wide-rows">
              {open.map((a) => (
                <li key={a.id} data-id={a.id}>
                  <span class="grey">{a.decide_by}</span>
                  <div><a class="title" href={to(["advice", a.id])}>{a.title}</a><p class="grey">{a.saves}</p></div>
                  {a.may_approve ? <button type="button" class="button" onClick={() => decide(a.id)} aria-label={`Approve: ${a.title}`}>Approve</button> : <a class="button" href={to(["advice", a.id])}>Open</a>}
                </li>
              ))}
            </ol>
          </Panel>
          <Savings savings={savings} />
        </div>
        <div class="stack side">
          <Panel title="What became of the rest" picture={false}>
            {past.length ? <AdviceRows rows={past} past /> : <p class="empty">Advice that was decided or expired is kept here with its outcome.</p>}
          </Panel>
        </div>
      </div>
    </>
  );
}

function Savings({ savings }: { savings: readonly SavingView[] }): JSX.Element {
  return (
    <Panel
      title={savings.length === 0 ? "No saving is measured yet" : savings.length === 1 ? "1 measured saving" : `${savings.length} measured savings`}
      aside="with interval, against the adjusted baseline"
      picture={false}
      behind={{ name: "savings", head: ["Saving", "Saved", "Interval", "CO2e", "Money", "Period", "Method", "Fit", "Coverage", "Entry"], rows: () => savings.map((s) => [s.title, s.saved, s.interval, s.co2e, s.money, s.period, s.method, s.fit ? "yes" : "no", s.coverage, s.entry]) }}
    >
      {savings.length === 0 ? (
        <p class="empty">After an approved order ends, what was used is laid against what the baseline says would have been used.</p>
      ) : (
        <table class="rows savings">
          <thead><tr><th scope="col">Saving</th><th scope="col" class="num">Saved</th><th scope="col" class="num">Interval</th><th scope="col" class="num wide">CO₂e</th><th scope="col" class="num wide">Money</th><th scope="col" class="num">Sealed</th></tr></thead>
          <tbody>
            {savings.map((s) => (
              <tr key={s.title + s.period}>
                <th scope="row" class="ink"><b>{s.title}</b><p class="grey">{s.fit ? s.period : `Not claimed: ${s.reasons.join("; ")}`}</p></th>
                <td class="num"><b>{s.saved}</b></td>
                <td class="num grey">{s.interval}</td>
                <td class="num wide">{s.co2e}</td>
                <td class="num wide">{s.money}</td>
                <td class="num"><Entry index={s.entry} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function OnePage({ id }: { id: string }): JSX.Element {
  const view = useView<AdviceView>(`/advice/${encodeURIComponent(id)}`, 2000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="page" />;
  const advice = view.data;
  return (
    <>
      <Sentence
        headline={{ text: advice.title, cost: "", level: "none" }}
        under={
          <p class="under-line grey">
            <a href={to(["advice"])}>Advice</a>
            {advice.element && <span>› <a href={to(["machines", advice.element])}>{advice.element_name}</a></span>}
            <span>· {advice.state_text}</span>
          </p>
        }
      />
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      <div class="two topped">
        <div class="stack">
          {advice.saving && <Saving saving={advice.saving} />}
          <Panel title="What happened" aside="each step in the ledger" picture={false} behind={{ name: "timeline", head: ["At (UTC)", "What", "Entry"], rows: () => advice.timeline.map((e) => [e.at, e.text, e.entry]) }}>
            <Timeline events={advice.timeline} zone={advice.bar.timezone} />
          </Panel>
          <Panel title="Why" picture={false}>
            <ul class="evidence">{advice.why.map((w) => <li key={w}>{w}</li>)}</ul>
          </Panel>
        </div>
        <div class="stack side">
          <Panel title="Advised order" aside={advice.autonomy} picture={false}>
            <AdviceFacts advice={advice} />
            {LIVING.has(advice.state) && <Checks advice={advice} />}
          </Panel>
          <Panel title={LIVING.has(advice.state) ? "What speaks against it" : "What spoke against it"} picture={false}>
            <Against advice={advice} />
            <Decision advice={advice} after={view.again} />
          </Panel>
        </div>
      </div>
    </>
  );
}

/** Interlocks are of weight as long as something may still be written. */
const LIVING = new Set(["open", "approved", "running"]);

function Timeline({ events, zone }: { events: readonly Event[]; zone: string }): JSX.Element {
  if (!events.length) return <p class="empty">Nothing yet. Approval, orders, read-backs, the end of the lease and the measured saving will stand here, each with its ledger entry.</p>;
  return (
    <ol class="timeline">
      {events.map((e) => (
        <li key={e.at + e.text}>
          <Mark level={e.level} />
          <span class="grey">{dayTime(instant(e.at), zone)}</span>
          <span>{e.text}</span>
          <span class="num"><Entry index={e.entry} /></span>
        </li>
      ))}
    </ol>
  );
}

/** Expected with its interval against what was really used: the way between is the saving. */
function Saving({ saving }: { saving: SavingView }): JSX.Element {
  const { expected_kwh: expected, actual_kwh: actual } = saving;
  const top = Math.max(expected.high ?? expected.value, actual, 1) * 1.04;
  const sx = linear([0, top], [0, 100]);
  const far = sx(expected.low ?? expected.value) > 35;
  const at = (v: number): string => `${sx(v).toFixed(2)}%`;
  return (
    <Panel title={saving.title} aside={saving.period}>
      <p class="change">{saving.saved} <span class="grey light">({saving.interval})</span></p>
      <p>{[saving.co2e, saving.money].filter(Boolean).join(" · ")}</p>
      <svg class="chart saving-bar" width="100%" height="62" role="img" aria-label={`Expected ${three(expected.value)} kWh, used ${three(actual)} kWh`}>
        {expected.low !== null && expected.high !== null && <rect class="band" x={at(expected.low)} y="4" width={`${(sx(expected.high) - sx(expected.low)).toFixed(2)}%`} height="18" />}
        <line class="expected-mark" x1={at(expected.value)} x2={at(expected.value)} y1="2" y2="24" />
        <rect class="used" x="0" y="30" width={at(actual)} height="14" />
        <text x={at(expected.low ?? expected.value)} dx={far ? -8 : 6} y="18" text-anchor={far ? "end" : "start"} class="grey-text halo">expected {three(expected.value)} kWh</text>
        <text x="0" y="60" class="strong">used {three(actual)} kWh</text>
      </svg>
      <dl class="facts plainly">
        <div><dt class="grey">Method</dt><dd>{saving.method}</dd></div>
        <div><dt class="grey">Baseline</dt><dd>{saving.fit ? "fit for this claim" : "not fit: this is not claimed as a saving"}{saving.reasons.length > 0 && <ul>{saving.reasons.map((r) => <li key={r} class="grey">{r}</li>)}</ul>}</dd></div>
        <div><dt class="grey">Measured</dt><dd>{percent(saving.coverage)} of the period</dd></div>
        <div><dt class="grey">Sealed</dt><dd><Entry index={saving.entry} /></dd></div>
      </dl>
    </Panel>
  );
}
