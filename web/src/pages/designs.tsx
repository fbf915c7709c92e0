import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Refusal, post, useView } from "../api/client.ts";
import type { Alternative, DesignResult, DesignRow, Designs, Problem } from "../api/types.ts";
import { to } from "../app/route.ts";
import { Mark } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { StagesPanel } from "../draw/stages.tsx";
import { signed, three } from "../words/format.ts";
import { Refused } from "./ahead.tsx";
import { ProblemBox, Sentence, Skeleton } from "./states.tsx";

/** Designs: alternatives of a product over its life, against today's. */
export function DesignsPage({ id }: { id: string | undefined }): JSX.Element {
  const view = useView<Designs>("/whatif/designs", 0);
  const [result, setResult] = useState<DesignResult | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState("");
  const [period, setPeriod] = useState("");
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="list" />;
  const { rows, periods, folder } = view.data;
  const chosen = period || periods[1]?.[0] || "today";
  const compare = async (row: DesignRow): Promise<void> => {
    setBusy(row.id);
    setProblem(null);
    try {
      setResult(await post<DesignResult>("/whatif/designs", { id: row.id, period: chosen }));
    } catch (error) {
      setProblem(error instanceof Refusal ? error.problem : { found: String(error), expected: "", remedy: "" });
    }
    setBusy("");
  };
  return (
    <>
      <Sentence headline={result?.headline ?? view.data.headline} under={<div class="under-line grey"><a class="under" href={to(["whatif"])}>What if</a><span>› designs{result && ` › ${result.name}, made as ${result.span}`}</span>{result && <a class="under" href={to(["proof"], { entry: String(result.entry) })}>sealed as entry {result.entry.toLocaleString("en-GB")}</a>}</div>} />
      <div class="two topped">
        <div class="stack">
          {result ? <Told result={result} /> : (
            <Panel title="Alternatives of a product over its life" picture={false}>
              <p class="empty">{rows.length ? "Choose a design: another material, supplier, route or process is held against the product as it is made today, from raw material to the end of its life." : `No design file yet. Put one into ${folder} beside the plant file.`}</p>
            </Panel>
          )}
        </div>
        <div class="stack side">
          <Panel title="Designs" picture={false}>
            <label class="field whole">The making is told by the meters of
              <select class="select" value={chosen} onChange={(e) => setPeriod(e.currentTarget.value)}>
                {periods.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
              </select>
            </label>
            <ul class="designs">
              {rows.map((row) => (
                <li key={row.id}>
                  <p class="ink strong">{row.name}</p>
                  {row.fault ? <p class="level-act pre"><Mark level="act" quiet /> {row.fault}</p> : (
                    <>
                      <p class="grey">{row.product}: {row.alternatives.join(", ")}</p>
                      <button type="button" class={row.id === id ? "button first tall" : "button tall"} disabled={!view.data?.may_ask || busy !== ""} onClick={() => void compare(row)}>{busy === row.id ? (row.slow ? "The plant is run ahead …" : "Comparing …") : "Compare"}</button>
                    </>
                  )}
                </li>
              ))}
            </ul>
            {!view.data.may_ask && <p class="grey refused">{view.data.refused}</p>}
            {problem && <Refused problem={problem} />}
          </Panel>
        </div>
      </div>
    </>
  );
}

function Told({ result }: { result: DesignResult }): JSX.Element {
  const codes = result.stages.map(([code]) => code);
  return (
    <>
      <StagesPanel result={result} />
      <Panel
        title="What each alternative changes"
        aside={`kg CO₂e a piece over its life; ${result.approach}`}
        picture={false}
        behind={{
          name: `design-${result.name}`,
          head: ["Alternative", ...codes, "Whole [kg CO2e]", "Half 95 %", "Against today", "Half 95 %", "Verdict", "Mass [kg]", "Circularity", "Years"],
          rows: () => result.alternatives.map((a) => [a.name, ...a.stages.map((s) => s.kg), a.kg, a.half_kg, a.difference_kg, a.difference_half_kg, a.verdict, a.mass_kg, a.circularity, a.years]),
        }}
      >
        <div class="sideways" tabIndex={0} role="region" aria-label="Alternatives">
          <table class="rows">
            <thead><tr><th scope="col">Alternative</th><th scope="col" class="num">Whole</th><th scope="col" class="num">Against today</th><th scope="col" class="num">Circular</th><th scope="col" class="num">Mass</th></tr></thead>
            <tbody>{result.alternatives.map((a) => <Row key={a.name} of={a} />)}</tbody>
          </table>
        </div>
        <p class="grey foot-note">{result.stages.map(([code, text]) => `${code}: ${text}`).join("; ")}.</p>
        {result.notes.map((note) => <p key={note} class="grey foot-note">{note}</p>)}
      </Panel>
    </>
  );
}

const LEVEL = { today: "none", better: "ok", worse: "act", "cannot be told apart": "watch" } as const;

function Row({ of: a }: { of: Alternative }): JSX.Element {
  return (
    <tr>
      <th scope="row" class="ink"><b>{a.name}</b>{a.why && <p class="grey light-weight">{a.why}</p>}<p class="light-weight">{a.verdict !== "today" && <Mark level={LEVEL[a.verdict]} quiet />} {a.text}</p></th>
      <td class="num">{three(a.kg)}<p class="grey">± {three(a.half_kg)}</p></td>
      <td class="num">{a.verdict === "today" ? "–" : <>{signed(a.difference_kg, Math.abs(a.difference_kg) < 0.1 ? 4 : 2)}<p class="grey">± {three(a.difference_half_kg)}</p></>}</td>
      <td class="num">{a.circularity === null ? "–" : a.circularity.toFixed(2)}</td>
      <td class="num">{three(a.mass_kg)} kg</td>
    </tr>
  );
}

/** The panel on the shelf that leads here. */
export function DesignsDoor(): JSX.Element | null {
  const view = useView<Designs>("/whatif/designs", 0);
  if (!view.data?.rows.length) return null;
  return (
    <Panel title={view.data.headline.text} picture={false}>
      <ul class="cases">{view.data.rows.map((r) => <li key={r.id}><a class="under" href={to(["whatif", "designs", r.id])}>{r.name}</a> <span class="grey">{r.product}</span></li>)}</ul>
      <p class="grey foot-note">Another material, supplier, route or process over the whole life of a product.</p>
    </Panel>
  );
}
