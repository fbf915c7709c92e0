import type { JSX } from "preact";
import { useView } from "../api/client.ts";
import type { FidelityRow, FidelityView } from "../api/types.ts";
import { to } from "../app/route.ts";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { percent, signed } from "../words/format.ts";
import { day, instant } from "../words/time.ts";

const SHOWN = 6;

/** How well the model tracks each machine on days that it had not seen, the worst first. */
export function Fidelity(): JSX.Element | null {
  const view = useView<FidelityView>("/whatif/fidelity", 30_000);
  if (!view.data) return view.problem ? null : <div class="panel"><div class="skeleton sheet-wait" /></div>;
  const { text, at, days, rows, bar } = view.data;
  const told = rows.filter((r) => r.grade !== "unknown");
  return (
    <Panel
      title={text}
      aside={at ? `${days} days, ${day(instant(at), bar.timezone)}` : ""}
      picture={false}
      behind={{ name: "fidelity", head: ["Machine", "Quantity", "Grade", "CVRMSE", "NMBE", "Hours"], rows: () => rows.map((r) => [r.name, r.quantity, r.word, r.cvrmse, r.nmbe, r.hours]) }}
    >
      {rows.length === 0 ? (
        <p class="empty">The model is tried on past days once somebody asks for a run from where the plant stands. It takes some minutes in the background, and five recorded days.</p>
      ) : (
        <table class="rows">
          <thead><tr><th scope="col">Machine</th><th scope="col" class="num">Scatter</th><th scope="col" class="num">Bias</th><th scope="col" class="num">Tracked</th></tr></thead>
          <tbody>{told.slice(0, SHOWN).map((r) => <Row key={r.element + r.quantity} row={r} />)}</tbody>
        </table>
      )}
      {rows.length > 0 && <p class="grey foot-note">By the hour, of the mean; well: scatter up to 30 %, bias up to 10 %.{told.length > SHOWN && ` ${told.length - SHOWN} more in the CSV (the three dots).`}</p>}
    </Panel>
  );
}

function Row({ row }: { row: FidelityRow }): JSX.Element {
  return (
    <tr>
      <th scope="row" class="ink"><Mark level={row.level} quiet /> <a href={to(["machines", row.element])}>{row.name}</a> <span class="grey">{row.quantity}</span></th>
      <td class="num">{percent(row.cvrmse)}</td>
      <td class="num">{row.nmbe === null ? "–" : `${signed(row.nmbe * 100, 0)} %`}</td>
      <td class={`num ${row.grade === "not" ? "strong level-act" : "grey"}`}>{row.word.replace("tracked ", "")}</td>
    </tr>
  );
}
