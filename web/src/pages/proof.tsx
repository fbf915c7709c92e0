import type { JSX } from "preact";
import { useView } from "../api/client.ts";
import type { EntryRow, Proof } from "../api/types.ts";
import { filter, to, useRoute } from "../app/route.ts";
import { Tick } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { dayTime, instant } from "../words/time.ts";
import { LearnedPanel } from "./learned.tsx";
import { ProblemBox, Sentence, Skeleton, StaleNote } from "./states.tsx";

export function ProofPage(): JSX.Element {
  const { query } = useRoute();
  const entry = Number(query.get("entry") ?? "");
  const chosen = query.get("entry") && Number.isInteger(entry) ? entry : null;
  // A linked entry is shown with its neighbours: the service lists what lies before an index.
  const before = query.get("before") ?? (chosen === null ? "" : String(chosen + 8));
  const view = useView<Proof>(`/proof${before ? `?before=${encodeURIComponent(before)}` : ""}`, before ? 10_000 : 3000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="list" />;
  return (
    <>
      <Sentence headline={view.data.headline} />
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      <div class="two topped">
        <Entries view={view.data} chosen={chosen} paged={Boolean(before)} />
        <div class="stack side">
          <Seal view={view.data} again={view.again} />
          <Evidence view={view.data} chosen={chosen} />
          <LearnedPanel zone={view.data.bar.timezone} />
        </div>
      </div>
    </>
  );
}

const number = (n: number): string => n.toLocaleString("en-GB");

function Entries({ view, chosen, paged }: { view: Proof; chosen: number | null; paged: boolean }): JSX.Element {
  const last = view.entries.at(-1);
  return (
    <Panel title={`${number(view.size)} entries`} aside="newest first" picture={false} behind={{ name: "ledger", head: ["Index", "At (UTC)", "Kind", "Subject", "Text", "Leaf"], rows: () => view.entries.map((e) => [e.index, e.at, e.kind, e.subject, e.text, e.leaf]) }}>
      {view.entries.length === 0 ? (
        <p class="empty">The ledger is empty. Each reported figure, finding, advice, approval, order, receipt and saving becomes an entry.</p>
      ) : (
        <table class="rows ledger">
          <thead><tr><th scope="col" class="num">Entry</th><th scope="col">At</th><th scope="col">Kind</th><th scope="col">What</th><th scope="col" class="wide">Leaf</th></tr></thead>
          <tbody>
            {view.entries.map((e) => (
              <tr key={e.index} class={e.index === chosen ? "chosen" : ""}>
                <td class="num"><a class="strong" href={to(["proof"], { entry: String(e.index), before: paged ? String(before(view)) : "" })} aria-current={e.index === chosen ? "true" : undefined}>{number(e.index)}</a></td>
                <td class="grey nowrap">{dayTime(instant(e.at), view.bar.timezone)}</td>
                <td>{e.kind}</td>
                <td title={e.subject}>{e.text} {e.subject && e.kind === "Figure" && <span class="grey">{e.subject}</span>}</td>
                <td class="wide grey mono">{short(e.leaf)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div class="row buttons">
        {last && last.index > 0 && <button type="button" class="button" onClick={() => filter({ before: String(last.index), entry: "" })}>Older entries</button>}
        {paged && <button type="button" class="button" onClick={() => filter({ before: "", entry: "" })}>Newest entries</button>}
      </div>
    </Panel>
  );
}

/** The page of entries at hand, as the service was asked for it. */
const before = (view: Proof): number => (view.entries[0]?.index ?? -1) + 1;

const short = (leaf: string): string => (leaf.length > 16 ? `${leaf.slice(0, 6)}…${leaf.slice(-4)}` : leaf);

function Seal({ view, again }: { view: Proof; again: () => void }): JSX.Element {
  return (
    <Panel title={view.ok ? "The ledger checks" : "The ledger does not check"} picture={false}>
      <p class={view.ok ? "checked level-ok" : "checked level-act"}><Tick passed={view.ok} /> <b>checked {view.checked}</b></p>
      <dl class="facts plainly">
        <div><dt class="grey">Size</dt><dd>{number(view.size)} entries</dd></div>
        <div><dt class="grey">Root</dt><dd class="mono breaks">{view.root}</dd></div>
        <div><dt class="grey">Checkpoint</dt><dd class="breaks pre">{view.checkpoint || "none signed yet"}</dd></div>
        <div><dt class="grey">Key</dt><dd class="mono breaks">{view.key}</dd></div>
      </dl>
      <button type="button" class="button" onClick={again}>Check again now</button>
    </Panel>
  );
}

function Evidence({ view, chosen }: { view: Proof; chosen: number | null }): JSX.Element {
  const index = chosen ?? view.entries[0]?.index ?? null;
  const entry: EntryRow | undefined = view.entries.find((e) => e.index === index);
  if (index === null) return <Panel title="No evidence yet" picture={false}><p class="empty">Evidence can be taken as soon as there is an entry.</p></Panel>;
  return (
    <Panel title={`Evidence of entry ${number(index)}`} aside={entry?.kind} picture={false}>
      {entry && <p>{entry.text}</p>}
      {entry && entry.subject && entry.kind !== "Figure" && <p class="grey breaks">{entry.subject}</p>}
      {entry && <p class="grey mono breaks">leaf {entry.leaf}</p>}
      <div class="row buttons"><a class="button first" href={`/api/v1/proof/${index}/evidence`} download={`evidence-${index}.zip`}>Download evidence</a></div>
      <p class="grey top-gap">Checks offline, without us: <b class="ink-text">ecotwin verify evidence-{index}.zip</b></p>
    </Panel>
  );
}
