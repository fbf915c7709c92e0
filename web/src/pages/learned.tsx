import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useView } from "../api/client.ts";
import type { ModelRow, Models } from "../api/types.ts";
import { Panel } from "../draw/panel.tsx";
import { dayTime, instant } from "../words/time.ts";

const FEW = 8;

/** What the twin has learned: what is in use since when, on what it was learned, how good it was, and who wants its place. */
export function LearnedPanel({ zone }: { zone: string }): JSX.Element | null {
  const view = useView<Models>("/models", 60_000);
  const [all, setAll] = useState(false);
  if (!view.data) return null;
  const use = view.data.rows.filter((m) => m.standing === "champion").sort(order);
  const shown = all ? use : use.slice(0, FEW);
  return (
    <Panel title="What the twin has learned" aside={view.data.headline} picture={false} behind={{ name: "models", head: ["Kind", "Of", "Standing", "Since (UTC)", "From", "To", "Rows", "Left out", "Why", "How good", "Contest", "Id"], rows: () => (view.data?.rows ?? []).map((m) => [m.kind, m.title, m.standing, m.standing_at, m.start, m.end, m.rows, m.left_out, m.why, m.good, m.contest, m.id]) }}>
      {use.length === 0 ? (
        <p class="empty">Nothing yet: a machine is known by its own data after six hours, an inlet after a day.</p>
      ) : (
        <table class="rows">
          <thead><tr><th scope="col">Tells</th><th scope="col">Since, and on what it was learned</th></tr></thead>
          <tbody>
            {shown.map((m) => (
              <tr key={m.id}>
                <td class="strong">{m.kind === "forecast" ? `${m.title}, ahead` : m.title}</td>
                <td title={m.why}>
                  {dayTime(instant(m.standing_at), zone)}, on {spell(m)}{m.good && <>; {m.good}</>}
                  <br /><span class="grey">{m.contest}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {use.length > FEW && <div class="row buttons"><button type="button" class="button" onClick={() => setAll(!all)}>{all ? "Fewer" : `All ${use.length}`}</button></div>}
    </Panel>
  );
}

/** Forecasts first, then machines by name. */
const order = (a: ModelRow, b: ModelRow): number => b.kind.localeCompare(a.kind) || a.title.localeCompare(b.title);

/** On how much it was learned, in the unit of its rows: minutes of a machine, quarters of an hour of an inlet. */
function spell(m: ModelRow): string {
  const days = m.rows / (m.kind === "forecast" ? 96 : 1440);
  const out = m.left_out > 0 ? `, ${m.left_out.toLocaleString("en-GB")} ${m.kind === "forecast" ? "quarter hours" : "minutes"} left out as flagged` : "";
  return `${days.toLocaleString("en-GB", { maximumFractionDigits: 1 })} days${out}`;
}
