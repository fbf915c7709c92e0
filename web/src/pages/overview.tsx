import type { JSX } from "preact";
import { stream, useLive } from "../api/live.ts";
import type { MachineRow, Machines, Overview } from "../api/types.ts";
import { useView } from "../api/client.ts";
import { filter, to, useRoute } from "../app/route.ts";
import { FlowLegend, FlowPicture, flowBehind } from "../draw/flow.tsx";
import { Figures } from "../draw/figures.tsx";
import { LoadChart, loadBehind } from "../draw/load.tsx";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { fixed, signed } from "../words/format.ts";
import { decide } from "./decide.tsx";
import { AdviceRows, FindingRows } from "./rows.tsx";
import { ProblemBox, Sentence, Skeleton } from "./states.tsx";

const FINDINGS_SHOWN = 5;
const ADVICE_SHOWN = 3;

export function OverviewPage(): JSX.Element {
  const { overview, problem } = useLive();
  if (!overview) return problem ? <ProblemBox problem={problem} again={() => stream.retry()} /> : <Skeleton kind="overview" />;
  return <Shown view={overview} />;
}

function Shown({ view }: { view: Overview }): JSX.Element {
  const route = useRoute();
  const asPlan = route.query.get("view") === "plan";
  const { bar, flow, load } = view;
  const lanes = [load.tariff.length ? `tariff, ${bar.currency}/kWh` : "", load.carbon.length ? "grid carbon, g CO₂e/kWh" : ""].filter(Boolean);
  return (
    <>
      <Sentence headline={view.headline} />
      <Figures figures={view.figures} />
      <div class="two order">
        <Panel
          class="flow-panel"
          title={flow.title}
          behind={flowBehind(flow)}
          aside={<><FlowLegend flow={flow} /><Switch plan={asPlan} /></>}
          summary={`${flow.title}. ${flow.ends.filter((e) => e.level === "act" || e.level === "watch").map((e) => `${e.name}: ${signed(e.above_kw, 1)} kW`).join("; ")}`}
        >
          {asPlan ? <PlantPlan /> : <FlowPicture flow={flow} />}
        </Panel>
        <Findings view={view} />
        <Panel class="load-panel below" title={load.title} behind={loadBehind(load)} aside={lanes.length ? `lanes: ${lanes.join("; ")}` : load.unit}>
          <LoadChart load={load} zone={bar.timezone} currency={bar.currency} now={bar.now} />
          {load.forecast_text && <p class="grey foot-note">{load.forecast_text}</p>}
        </Panel>
        <Advice view={view} />
      </div>
      {view.refused.length > 0 && (
        <section class="panel refused-list" aria-label="Figures that cannot be had">
          <details>
            <summary><Mark level="stale" quiet /> <b>{view.refused.length === 1 ? "One figure cannot be had" : `${view.refused.length} figures cannot be had`}</b> <span class="grey">see what is missing</span></summary>
            <ul>{view.refused.map((text) => <li key={text}>{text}</li>)}</ul>
          </details>
        </section>
      )}
    </>
  );
}

function Switch({ plan }: { plan: boolean }): JSX.Element {
  return (
    <div class="switch" role="group" aria-label="Flow or plan">
      <button type="button" aria-pressed={!plan} onClick={() => filter({ view: "" }, true)}>Flow</button>
      <button type="button" aria-pressed={plan} onClick={() => filter({ view: "plan" }, true)}>Plan</button>
    </div>
  );
}

function Findings({ view }: { view: Overview }): JSX.Element {
  const { findings, bar } = view;
  const shown = findings.slice(0, FINDINGS_SHOWN);
  const n = Math.max(bar.findings_open, findings.length);
  const title = n === 0 ? "No open findings" : n === 1 ? "1 finding" : `${n} findings, worst first`;
  return (
    <section class="panel side findings-panel" aria-label="Findings">
      <header class="panel-head findings-head">
        <h2>{title}</h2>
        {n > 0 && <><span class="grey num">kg CO₂e/d</span><span class="grey num">{bar.currency}/d</span></>}
      </header>
      {shown.length ? <FindingRows rows={shown} currency={bar.currency} /> : <p class="empty">The detectors watch every signal. A finding appears here when one leaves what is expected, with its onset, cost and likely cause.</p>}
      {n > shown.length && <p class="more"><a class="under" href={to(["findings"])}>{n - shown.length === 1 ? "1 more finding" : `${n - shown.length} more findings`}</a></p>}
    </section>
  );
}

function Advice({ view }: { view: Overview }): JSX.Element {
  const shown = view.advice.slice(0, ADVICE_SHOWN);
  const first = view.advice.find((a) => a.may_approve);
  const n = view.advice.length;
  const title = n === 0 ? "No advice waits" : n === 1 ? "1 piece of advice for today" : `${n} pieces of advice for today`;
  return (
    <section class="panel side below advice-panel" aria-label="Advice">
      <header class="panel-head rule">
        <h2>{title}</h2>
        {n > 1 && <span class="aside grey">next deadline first</span>}
      </header>
      {n === 0 ? <p class="empty">The advisors look at every tick. Advice appears when a saving is larger than its uncertainty and the interlocks would let it through.</p> : <AdviceRows rows={shown} />}
      {n > 0 && (
        <div class="row buttons">
          {first && <button type="button" class="button first" onClick={() => decide(first.id)}>{n > 1 ? "Approve first" : "Approve"}</button>}
          <a class="button" href={to(["advice"])}>{n > 1 ? `Compare all ${n}` : "Open"}</a>
        </div>
      )}
    </section>
  );
}

/** Machines where they stand, area by area and line by line, with what they draw above expected. */
function PlantPlan(): JSX.Element {
  const route = useRoute();
  const view = useView<Machines>("/machines", 3000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <div class="skeleton block-wait" />;
  const area = route.query.get("area");
  const name = view.data.bar.areas.find((a) => a.id === area)?.name;
  const groups = new Map<string, MachineRow[]>();
  for (const m of view.data.machines) {
    if (area && m.area !== area && m.area !== name) continue;
    const place = m.line && m.line !== m.area ? `${m.area} · ${m.line}` : m.area;
    groups.set(place, [...(groups.get(place) ?? []), m]);
  }
  return (
    <div class="plan">
      {[...groups].map(([place, machines]) => (
        <section key={place}>
          <h3>{place}</h3>
          {machines.map((m) => (
            <a key={m.id} href={to(["machines", m.id])}>
              <span><Mark level={m.level} /> {m.name}</span>
              <span class="num">
                {m.kw === null ? "–" : fixed(m.kw, 1)} {(m.level === "act" || m.level === "watch") && <b class={`level-${m.level}`}>{signed(m.above_kw, 1)}</b>}
              </span>
            </a>
          ))}
        </section>
      ))}
    </div>
  );
}

