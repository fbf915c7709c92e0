import type { JSX } from "preact";
import { useView } from "../api/client.ts";
import type { Fact, MachineView, OrderRow, SetPoint } from "../api/types.ts";
import { filter, to, useRoute } from "../app/route.ts";
import { Figures } from "../draw/figures.tsx";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { StateTable, statesBehind } from "../draw/statedots.tsx";
import { StateRibbon, Strips, tracesBehind } from "../draw/strips.tsx";
import type { Frame } from "../draw/strips.tsx";
import { three } from "../words/format.ts";
import { day, hm, instant, zoneName } from "../words/time.ts";
import { decide } from "./decide.tsx";
import { NormalPanel } from "./normal.tsx";
import { FindingRows } from "./rows.tsx";
import { ProblemBox, Sentence, Skeleton, StaleNote } from "./states.tsx";

const SPANS: readonly (readonly [string, string])[] = [["4", "4 h"], ["8", "8 h"], ["24", "24 h"], ["72", "3 days"], ["168", "7 days"]];

export function MachinePage({ id }: { id: string }): JSX.Element {
  const { query } = useRoute();
  const hours = SPANS.find(([h]) => h === query.get("hours"))?.[0] ?? "24";
  const view = useView<MachineView>(`/machines/${encodeURIComponent(id)}?hours=${hours}`, 4000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="page" />;
  return (
    <>
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      <Shown view={view.data} hours={hours} again={view.again} />
    </>
  );
}

function Path({ view, hours }: { view: MachineView; hours: string }): JSX.Element {
  return (
    <p class="under-line grey">
      <a href={to(["machines"])}>Machines</a>
      {view.path.filter((p) => p.id !== view.id).map((p) => <span key={p.id}>› <a href={to(["machines"], { under: p.id })}>{p.name}</a></span>)}
      <span>› {view.name}</span>
      <span class="chips spans" role="group" aria-label="Time shown">
        {SPANS.map(([h, name]) => <button key={h} type="button" aria-pressed={h === hours} onClick={() => filter({ hours: h === "24" ? "" : h }, true)}>{name}</button>)}
      </span>
    </p>
  );
}

function Shown({ view, hours, again }: { view: MachineView; hours: string; again: () => void }): JSX.Element {
  const zone = view.bar.timezone;
  const frame: Frame = { start: instant(view.start), end: instant(view.end), zone };
  const signals = view.power ? [view.power, ...view.traces] : view.traces;
  const span = SPANS.find(([h]) => h === hours)?.[1] ?? `${hours} h`;
  return (
    <>
      <Sentence headline={view.headline} under={<Path view={view} hours={hours} />} />
      <Figures figures={view.figures} />
      <div class="two">
        <div class="stack">
          <Panel
            title={view.ribbon_title}
            aside={`state and order, last ${span}, ${zoneName(frame.end, zone)}`}
            behind={{ name: "states", head: ["From (UTC)", "To (UTC)", "State", "Product"], rows: () => view.ribbon.map((s) => [s.start, s.end, s.name, s.product]) }}
          >
            {view.ribbon.length ? <StateRibbon spans={view.ribbon} frame={frame} marks={view.marks} /> : <p class="empty">This machine has no state signal. Name one in the plant file and the ribbon fills from then on.</p>}
          </Panel>
          {signals.length > 0 && (
            <Panel class="flush" title={view.power ? view.power_title : "Signals"} aside={view.power ? "power, kW; band: 95 % expected" : "band: 95 % expected"} behind={tracesBehind("signals", signals, frame)}>
              <Strips name="signals" traces={signals} frame={frame} marks={view.marks} gaps={view.power_gaps} heights={[view.power ? 104 : 32, 32]} amountFirst={view.power !== null} />
            </Panel>
          )}
          {view.states.length > 0 && (
            <Panel title={view.states_title} aside={`power by state, last ${span}; block: 95 % expected`} behind={statesBehind(view.states)}>
              <StateTable rows={view.states} total={view.states_total} />
            </Panel>
          )}
        </div>
        <div class="stack side">
          <Findings view={view} />
          <NormalPanel normal={view.normal} id={view.id} again={again} />
          <Orders view={view} />
          {view.writes.length > 0 && <SetPoints rows={view.writes} />}
          {view.facts.length > 0 && <Known facts={view.facts} />}
        </div>
      </div>
    </>
  );
}

const FILE = "plant file";

/** What the twin found out of it stands; what the plant file says of it is one tap away. */
function Known({ facts }: { facts: readonly Fact[] }): JSX.Element {
  const own = facts.filter((f) => f.source !== FILE);
  const filed = facts.filter((f) => f.source === FILE);
  return (
    <Panel title="Known of this machine" picture={false} behind={{ name: "facts", head: ["Fact", "Value", "Source"], rows: () => facts.map((f) => [f.name, f.value, f.source]) }}>
      {own.length > 0 && <Facts facts={own} />}
      {filed.length > 0 && (
        <details class="filed">
          <summary><b>{filed.length === 1 ? "1 figure" : `${filed.length} figures`} of the plant file</b> <span class="grey">what the twin is told of it</span></summary>
          <Facts facts={filed} />
        </details>
      )}
    </Panel>
  );
}

function Facts({ facts }: { facts: readonly Fact[] }): JSX.Element {
  return (
    <dl class="facts plainly known">
      {facts.map((f) => <div key={f.name}><dt class="grey">{f.name}</dt><dd>{f.value} {f.source && f.source !== FILE && <span class="grey">{f.source}</span>}</dd></div>)}
    </dl>
  );
}

function Findings({ view }: { view: MachineView }): JSX.Element {
  const n = view.findings.length;
  return (
    <section class="panel" aria-label="Findings">
      <header class="panel-head findings-head">
        <h2>{n === 0 ? "No open findings" : n === 1 ? "1 open finding" : `${n} open findings`}</h2>
        {n > 0 && <><span class="grey num">kg CO₂e/d</span><span class="grey num">{view.bar.currency}/d</span></>}
      </header>
      {n ? <FindingRows rows={view.findings} currency={view.bar.currency} /> : <p class="empty">Everything on this machine is as expected, or still being learned.</p>}
    </section>
  );
}

function Orders({ view }: { view: MachineView }): JSX.Element {
  const zone = view.bar.timezone;
  const when = (row: OrderRow): string => {
    const at = instant(row.at);
    return Number.isNaN(at) ? row.at : Math.abs(instant(view.end) - at) < 20 * 3_600_000 ? hm(at, zone) : day(at, zone).slice(0, 6);
  };
  return (
    <section class="panel" aria-label="Orders">
      <header class="panel-head rule"><h2>{view.orders_title}</h2><span class="aside grey">writes: {view.bar.writes}</span></header>
      {view.orders.length === 0 && <p class="empty">No order has been sent to this machine. Approved advice appears here with its read-back.</p>}
      <ol class="orders">
        {view.orders.map((o) => (
          <li key={o.id}>
            <Mark level={o.level} />
            <span class="grey">{when(o)}</span>
            <div><p><b>{o.text}</b></p><p class="grey">{o.result}</p></div>
            {o.advice && (o.may_approve ? <button type="button" class="button" onClick={() => decide(o.advice)}>Approve</button> : <a class="button" href={to(["advice", o.advice])}>Open</a>)}
          </li>
        ))}
      </ol>
    </section>
  );
}

function SetPoints({ rows }: { rows: readonly SetPoint[] }): JSX.Element {
  return (
    <Panel title="Set-points that may be written" aside="with limits" picture={false} behind={{ name: "set-points", head: ["Set-point", "Value", "Unit", "Low", "High", "Autonomy", "Watchdog", "Who approves"], rows: () => rows.map((r) => [r.name, r.value, r.unit, r.low, r.high, r.autonomy, r.watchdog ? "yes" : "no", r.approve.join(" ")]) }}>
      <table class="rows setpoints">
        <thead><tr><th scope="col">Set-point</th><th scope="col" class="num">Now</th><th scope="col" class="num">Limits</th><th scope="col">Autonomy</th></tr></thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r.signal}>
              <th scope="row" class="ink">{r.name}<p class="grey">{r.watchdog ? "falls back by its own watchdog" : "no watchdog: value is held"}</p></th>
              <td class="num"><b>{three(r.value)}</b> {r.unit}</td>
              <td class="num grey">{three(r.low)}–{three(r.high)}</td>
              <td>{r.autonomy}<p class="grey">{r.approve.join(", ")}</p></td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
