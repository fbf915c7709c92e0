import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useView } from "../api/client.ts";
import type { Level, MachineRow, Machines } from "../api/types.ts";
import { filter, to, useRoute } from "../app/route.ts";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { age, columnDecimals, fixed, signed } from "../words/format.ts";
import { ProblemBox, Sentence, Skeleton, StaleNote } from "./states.tsx";

type Key = "name" | "area" | "line" | "kind" | "state" | "kw" | "expected_kw" | "above_kw" | "today_kwh" | "data_age_s";

const COLUMNS: readonly { key: Key; name: string; number?: boolean; wide?: boolean }[] = [
  { key: "name", name: "Machine" },
  { key: "area", name: "Area", wide: true },
  { key: "line", name: "Line", wide: true },
  { key: "kind", name: "Kind", wide: true },
  { key: "state", name: "State" },
  { key: "kw", name: "Now, kW", number: true },
  { key: "expected_kw", name: "Expected, kW", number: true, wide: true },
  { key: "above_kw", name: "Above, kW", number: true },
  { key: "today_kwh", name: "Today, kWh", number: true, wide: true },
  { key: "data_age_s", name: "Data age", number: true, wide: true },
];

const LEVELS: readonly { id: Level; name: string }[] = [
  { id: "act", name: "act" },
  { id: "watch", name: "watch" },
  { id: "ok", name: "as expected" },
  { id: "stale", name: "stale" },
];

function compare(a: MachineRow, b: MachineRow, key: Key): number {
  const [x, y] = [a[key], b[key]];
  if (x === null) return y === null ? 0 : 1;
  if (y === null) return -1;
  if (typeof x === "number" && typeof y === "number") return y - x;
  return String(x).localeCompare(String(y), "en", { numeric: true });
}

/** Machines that the address asks for: area or line, level, words; sorted by a column. */
function chosen(view: Machines, query: URLSearchParams): MachineRow[] {
  const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const level = query.get("level");
  const places = [query.get("area"), query.get("under")].filter((p): p is string => Boolean(p));
  const named = places.flatMap((p) => [p, view.bar.areas.find((a) => a.id === p)?.name ?? p]);
  const key = COLUMNS.find((c) => c.key === query.get("sort"))?.key ?? "above_kw";
  const turn = query.get("turn") === "1" ? -1 : 1;
  return view.machines
    .filter((m) => !level || m.level === level)
    .filter((m) => !named.length || named.includes(m.area) || named.includes(m.line) || named.includes(m.id))
    .filter((m) => words.every((w) => `${m.name} ${m.area} ${m.line} ${m.kind} ${m.state} ${m.id}`.toLowerCase().includes(w)))
    .sort((a, b) => turn * compare(a, b, key));
}

export function MachinesPage(): JSX.Element {
  const view = useView<Machines>("/machines", 3000);
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="list" />;
  return (
    <>
      <Sentence headline={view.data.headline} />
      {view.problem && <StaleNote problem={view.problem} again={view.again} />}
      <List view={view.data} />
    </>
  );
}

function List({ view }: { view: Machines }): JSX.Element {
  const { query } = useRoute();
  const field = useRef<HTMLInputElement>(null);
  const find = query.get("find");
  useEffect(() => {
    if (find) {
      field.current?.focus();
      filter({ find: "" }, true);
    }
  }, [find]);
  const rows = chosen(view, query);
  const level = query.get("level");
  const under = query.get("under");
  const title = rows.length === view.machines.length ? `${rows.length} machines` : `${rows.length} of ${view.machines.length} machines`;
  return (
    <Panel
      class="first"
      title={title}
      picture={false}
      behind={{
        name: "machines",
        head: COLUMNS.map((c) => c.name),
        rows: () => rows.map((m) => COLUMNS.map((c) => m[c.key])),
      }}
    >
      <div class="tools" role="search">
        <input
          ref={field}
          type="search"
          aria-label="Search machines"
          placeholder="Search: name, area, kind, state   /"
          value={query.get("q") ?? ""}
          onInput={(e) => filter({ q: e.currentTarget.value }, true)}
          onKeyDown={(e) => {
            if (e.key === "ArrowDown" || e.key === "Enter") document.querySelector<HTMLElement>(".machines tbody a")?.focus();
          }}
        />
        <div class="chips" role="group" aria-label="Level">
          {LEVELS.map((l) => (
            <button key={l.id} type="button" aria-pressed={level === l.id} onClick={() => filter({ level: level === l.id ? "" : l.id })}>
              <Mark level={l.id} quiet /> {l.name} <span class="grey">{view.machines.filter((m) => m.level === l.id).length}</span>
            </button>
          ))}
          {under && <button type="button" aria-pressed="true" onClick={() => filter({ under: "" })}>{under} ×</button>}
        </div>
      </div>
      {rows.length ? <Table rows={rows} sort={query.get("sort") ?? "above_kw"} turned={query.get("turn") === "1"} /> : <p class="empty">{view.machines.length ? "No machine fits these filters. Take one away." : "No machines yet. They come from the plant file: `ecotwin check` names what is missing."}</p>}
    </Panel>
  );
}

function Table({ rows, sort, turned }: { rows: readonly MachineRow[]; sort: string; turned: boolean }): JSX.Element {
  const places = { kw: columnDecimals(rows.map((r) => r.kw)), today: columnDecimals(rows.map((r) => r.today_kwh)) };
  const by = (key: Key): void => filter({ sort: key === "above_kw" ? "" : key, turn: sort === key && !turned ? "1" : "" }, true);
  return (
    <table class="rows machines">
      <thead>
        <tr>
          {COLUMNS.map((c) => (
            <th key={c.key} scope="col" class={`${c.number ? "num" : ""} ${c.wide ? "wide" : ""}`} aria-sort={sort === c.key ? (turned ? "ascending" : "descending") : "none"}>
              <button type="button" class="sort" onClick={() => by(c.key)}>
                {c.name}
                {sort === c.key ? (turned ? " ↑" : " ↓") : ""}
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((m) => {
          const loud = m.level === "act" || m.level === "watch";
          const number = (v: number | null, p: number): string => (v === null ? "–" : fixed(v, p));
          return (
            <tr key={m.id}>
              <th scope="row" class="ink"><Mark level={m.level} /> <a class={loud ? "strong" : ""} href={to(["machines", m.id])}>{m.name}</a></th>
              <td class="wide">{m.area}</td>
              <td class="wide grey">{m.line}</td>
              <td class="wide grey">{m.kind}</td>
              <td>{m.state}</td>
              <td class="num"><b>{number(m.kw, places.kw)}</b></td>
              <td class="num wide grey">{number(m.expected_kw, places.kw)}</td>
              <td class={loud ? `num strong level-${m.level}` : "num grey"}>{signed(m.above_kw, places.kw)}</td>
              <td class="num wide">{number(m.today_kwh, places.today)}</td>
              <td class={m.level === "stale" ? "num wide level-stale strong" : "num wide grey"}>{m.data_age_s === null ? "no data" : age(m.data_age_s)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
