import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal, get, post, useView } from "../api/client.ts";
import { useBar } from "../api/live.ts";
import type { FaultRow, Problem, ScenarioCheck, ScenarioView } from "../api/types.ts";
import { go, to, useRoute } from "../app/route.ts";
import { Mark, Tick } from "../draw/marks.tsx";
import { Panel } from "../draw/panel.tsx";
import { idOf, placeOf, topLine, withTopLine } from "../words/lines.ts";
import { dayTime, instant } from "../words/time.ts";
import { Refused, runAhead } from "./ahead.tsx";
import { act } from "./decide.tsx";
import { ProblemBox, Skeleton } from "./states.tsx";

const BEGIN = `id: my_scenario
name: My scenario
description: What is done otherwise, and why
source: stated assumption
carbon_price:
  per_t: 120
  scopes: [scope1, scope2_market]
  source: stated assumption
`;
const CHECK_AFTER_MS = 350;

/** A scenario's text, to read, to change and to keep under a name; without an id a new one. */
export function ScenarioPage({ id }: { id: string | undefined }): JSX.Element {
  const view = useView<ScenarioView>(id === undefined ? null : `/whatif/scenarios/${encodeURIComponent(id)}`, 0);
  if (id === undefined) return <Editor begin={BEGIN} view={null} />;
  if (!view.data) return view.problem ? <ProblemBox problem={view.problem} again={view.again} /> : <Skeleton kind="list" />;
  return <Editor begin={view.data.text} view={view.data} />;
}

interface Checked {
  readonly text: string;
  readonly found: ScenarioCheck | null;
  readonly problem: Problem | null;
}

/** Asks the service about a text once it rests; the last answer stays until the next comes. */
function useCheck(text: string): Checked | null {
  const [checked, setChecked] = useState<Checked | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const timer = window.setTimeout(() => {
      post<ScenarioCheck>("/whatif/check", { text }, stop.signal).then(
        (found) => setChecked({ text, found, problem: null }),
        (error: unknown) => {
          if (error instanceof Refusal) setChecked({ text, found: null, problem: error.problem });
        },
      );
    }, CHECK_AFTER_MS);
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  return checked;
}

function Editor({ begin, view }: { begin: string; view: ScenarioView | null }): JSX.Element {
  const { query } = useRoute();
  const bar = useBar(view?.bar);
  const [text, setText] = useState(begin);
  const [problem, setProblem] = useState<Problem | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const checked = useCheck(text);
  const fresh = checked?.text === text;
  const faults = checked?.found?.faults ?? [];
  const sound = fresh && checked?.found !== null && faults.length === 0;
  const changed = text !== begin;
  const name = topLine(text, "name");
  const rename = (given: string): void => {
    const own = topLine(text, "id") === idOf(name) || view === null || topLine(text, "id") === view.row.id;
    const named = withTopLine(text, "name", given);
    setText(own ? withTopLine(named, "id", idOf(given)) : named);
  };
  const toLine = (line: number): void => {
    const box = field.current;
    if (!box) return;
    box.focus();
    box.setSelectionRange(...placeOf(text, line));
  };
  const save = async (): Promise<void> => {
    const kept = checked?.found?.id ?? "";
    if (await act("/whatif/scenarios", { text })) go(to(["whatif"], { try: kept, ...(query.get("under") ? { under: query.get("under") ?? "" } : {}) }));
  };
  const run = async (): Promise<void> => setProblem(await runAhead({ scenarios: [], texts: [text], under: [], start: "live", hours: 24, runs: 200, seed: 1, title: "" }));
  const may = bar?.may ?? [];
  return (
    <>
      <div class="sentence">
        <h1>{name || "A scenario without a name"}</h1>
        <p class="under-line grey"><a class="under" href={to(["whatif"])}>What if</a> <span>› {view ? origin(view, bar?.timezone ?? "UTC") : "a new scenario"}</span></p>
      </div>
      <div class="two topped">
        <div class="stack">
          <Panel title={headline(checked, fresh, faults)} aside="YAML; units are the signals' own" picture={false}>
            <label class="field tools-line">Name<input type="text" value={name} onInput={(e) => rename(e.currentTarget.value)} /></label>
            <Text value={text} set={setText} faults={faults} field={field} />
            <div class="row buttons">
              <button type="button" class="button first tall" disabled={!sound || !may.includes("save_scenario") || (view?.row.origin === "saved" && !changed)} onClick={() => void save()}>Save “{name || "…"}”</button>
              <button type="button" class="button tall" disabled={!sound || !may.includes("ask_what_if")} onClick={() => void run()}>Run ahead 24 h, 200 times</button>
              {changed && <button type="button" class="button tall" onClick={() => setText(begin)}>Take changes back</button>}
            </div>
            {bar && !may.includes("save_scenario") && <p class="grey refused">Saving a scenario is not among your rights ({bar.roles.join(", ") || "no role"}); engineer, plant manager and sustainability officer may.</p>}
            {problem && <Refused problem={problem} />}
          </Panel>
        </div>
        <div class="stack side">
          <Findings checked={checked} faults={faults} toLine={toLine} />
          {view && view.versions.length > 0 && (
            <Panel title={view.versions.length === 1 ? "1 version" : `${view.versions.length} versions`} aside="newest first" picture={false}>
              <ol class="earlier">{view.versions.map(([number, at, by]) => <li key={number}><Mark level="ok" quiet /><span>version {number}</span><span class="grey num">{dayTime(instant(at), view.bar.timezone)}, {by}</span></li>)}</ol>
            </Panel>
          )}
          <Keys />
        </div>
      </div>
    </>
  );
}

function origin(view: ScenarioView, zone: string): string {
  const { row } = view;
  if (row.origin === "plant") return "from the plant's own files; a change is saved as yours";
  return `version ${row.version}, saved by ${row.author || "unknown"}${row.saved_at ? ` ${dayTime(instant(row.saved_at), zone)}` : ""}`;
}

function headline(checked: Checked | null, fresh: boolean, faults: readonly FaultRow[]): string {
  if (checked?.problem) return "The text could not be checked";
  if (!checked || !fresh) return "Checking …";
  if (faults.length === 0) return "It can be run at this plant";
  return faults.length === 1 ? `One fault, in line ${faults[0]?.line ?? 1}` : `${faults.length} faults`;
}

interface TextProps {
  value: string;
  set: (text: string) => void;
  faults: readonly FaultRow[];
  field: { current: HTMLTextAreaElement | null };
}

/** Monospace text with its line numbers; a line at fault bears a square and its number in the colour of `act`. */
function Text({ value, set, faults, field }: TextProps): JSX.Element {
  const gutter = useRef<HTMLOListElement>(null);
  const bad = new Set(faults.map((f) => f.line));
  const count = value.split("\n").length;
  const follow = (): void => {
    if (gutter.current && field.current) gutter.current.scrollTop = field.current.scrollTop;
  };
  return (
    <div class="editor mono">
      <ol ref={gutter} aria-hidden="true">
        {Array.from({ length: count }, (_, i) => <li key={i} class={bad.has(i + 1) ? "bad" : ""}>{i + 1}</li>)}
      </ol>
      <textarea
        ref={field}
        aria-label="Text of the scenario"
        aria-describedby="scenario-faults"
        aria-invalid={bad.size > 0}
        spellcheck={false}
        autocapitalize="off"
        wrap="off"
        rows={Math.max(18, Math.min(36, count + 1))}
        value={value}
        onInput={(e) => set(e.currentTarget.value)}
        onScroll={follow}
      />
    </div>
  );
}

function Findings({ checked, faults, toLine }: { checked: Checked | null; faults: readonly FaultRow[]; toLine: (line: number) => void }): JSX.Element {
  const found = checked?.found ?? null;
  return (
    <Panel title={faults.length ? "What is wrong" : "What it changes"} picture={false}>
      <div id="scenario-faults" role="status">
        {!checked && <div class="skeleton sheet-wait" />}
        {checked?.problem && <Refused problem={checked.problem} />}
        {faults.length > 0 && (
          <ol class="faults">
            {faults.map((f, i) => (
              <li key={`${f.line}-${i}`}><button type="button" class="link" onClick={() => toLine(f.line)}>line {f.line}</button><span class="pre">{f.text}</span></li>
            ))}
          </ol>
        )}
        {found && faults.length === 0 && (
          found.changes.length ? <ul class="faults">{found.changes.map((text) => <li key={text}><Tick passed /><span>{text}</span></li>)}</ul> : <p class="empty">Nothing yet: it is the same as doing nothing.</p>
        )}
      </div>
    </Panel>
  );
}

interface Part {
  readonly description?: string;
  readonly anyOf?: readonly { readonly $ref?: string }[];
  readonly items?: { readonly $ref?: string };
  readonly $ref?: string;
}

interface Schema {
  readonly properties: Record<string, Part>;
  readonly $defs: Record<string, { readonly description?: string; readonly properties?: Record<string, unknown> }>;
}

const OWN = new Set(["ecotwin_scenario", "id", "name", "description", "author"]);

/** The keys that a scenario may have, from the schema of this very twin. */
function Keys(): JSX.Element | null {
  const [schema, setSchema] = useState<Schema | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    get<Schema>("/whatif/schema", stop.signal).then(setSchema, () => undefined);
    return () => stop.abort();
  }, []);
  if (!schema) return null;
  const rows = Object.entries(schema.properties).filter(([key]) => !OWN.has(key)).map(([key, part]) => {
    const ref = part.$ref ?? part.items?.$ref ?? part.anyOf?.find((a) => a.$ref)?.$ref;
    const inner = ref ? schema.$defs[ref.split("/").at(-1) ?? ""] : undefined;
    return { key, text: part.description ?? (inner?.description ?? "").split("\n")[0] ?? "", keys: Object.keys(inner?.properties ?? {}) };
  });
  return (
    <Panel title="What can be changed" aside="keys of a scenario" picture={false}>
      <dl class="facts keys-of">
        {rows.map((r) => <div key={r.key}><dt class="mono">{r.key}</dt><dd>{r.text}{r.keys.length > 0 && <span class="grey mono breaks"> {r.keys.join(", ")}</span>}</dd></div>)}
      </dl>
    </Panel>
  );
}
