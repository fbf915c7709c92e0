import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal, get, post } from "../api/client.ts";
import type { AdviceView, Problem } from "../api/types.ts";
import { to } from "../app/route.ts";
import { Mark, Tick } from "../draw/marks.tsx";

// Decisions of a person: what is asked, what speaks against it, and the receipt.

type Listener = () => void;
const listeners = new Set<Listener>();
let asked: string | null = null;
let said: { text: string; entry: number | null; problem: Problem | null } | null = null;

function tell(): void {
  for (const listener of listeners) listener();
}

/** Open the sheet of a piece of advice: its limits and counter-arguments stand beside the button. */
export function decide(id: string | null): void {
  asked = id;
  tell();
}

/** Send an action; the answer (or the refusal) is shown at the foot of the page. */
export async function act(path: string, body: Record<string, string>, after?: () => void): Promise<boolean> {
  try {
    const done = await post(path, body);
    said = { text: done.text, entry: done.entry, problem: null };
    after?.();
    return true;
  } catch (error) {
    const problem = error instanceof Refusal ? error.problem : { found: String(error), expected: "", remedy: "" };
    said = { text: "", entry: null, problem };
    return false;
  } finally {
    tell();
  }
}

function useTold(): void {
  const [, redraw] = useState(0);
  useEffect(() => {
    const changed = (): void => redraw((n) => n + 1);
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
}

const SHOWN_MS = 9000;

/** The receipt of the last action: text, place in the ledger; a refusal stays until it is closed. */
export function Receipt(): JSX.Element | null {
  useTold();
  const shown = said;
  useEffect(() => {
    if (!shown || shown.problem) return undefined;
    const timer = window.setTimeout(() => {
      if (said === shown) said = null;
      tell();
    }, SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [shown]);
  const close = (): void => {
    said = null;
    tell();
  };
  if (!shown) return <div role="status" />;
  if (shown.problem)
    return (
      <div class="toast wrong" role="alert">
        <div>
          <p><b>{shown.problem.found}</b></p>
          {shown.problem.expected && <p>Expected: {shown.problem.expected}</p>}
          {shown.problem.remedy && <p>What to do: {shown.problem.remedy}</p>}
        </div>
        <button type="button" onClick={close}>Close</button>
      </div>
    );
  return (
    <div class="toast" role="status">
      <span>{shown.text}</span>
      {shown.entry !== null && <a href={to(["proof"], { entry: String(shown.entry) })}>Entry {shown.entry}</a>}
    </div>
  );
}

/** A modal dialog that closes with Escape and gives the focus back. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const click = (event: MouseEvent): void => {
    if (event.target === box.current) close();
  };
  return (
    <dialog ref={box} onClose={close} onClick={click} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}

/** Rows, checks and counter-arguments of a piece of advice, as they stand now. */
export function AdviceFacts({ advice }: { advice: AdviceView }): JSX.Element {
  return (
    <>
      <p class="change">{advice.change}</p>
      <p>{advice.what}</p>
      <dl class="facts">
        {advice.rows.map(([name, text]) => (
          <div key={name}><dt class="grey">{name}</dt><dd>{text}</dd></div>
        ))}
      </dl>
    </>
  );
}

export function Checks({ advice }: { advice: AdviceView }): JSX.Element {
  const waiting = advice.checks.filter((c) => c.waits).length;
  return (
    <ul class="checks">
      {waiting > 0 && <li class="check-note grey">{waiting === 1 ? "One interlock does" : `${waiting} interlocks do`} not hold yet; all are asked again when the order begins.</li>}
      {advice.checks.map((c) => (
        <li key={c.text} class={c.waits ? "waits" : ""}>{c.waits ? <Mark level="stale" quiet /> : <Tick passed={c.passed} />}<span>{c.text}</span><span class="grey num">{c.found}</span></li>
      ))}
    </ul>
  );
}

export function Against({ advice }: { advice: AdviceView }): JSX.Element {
  if (!advice.against.length) return <p class="grey">Nothing known speaks against it.</p>;
  return <ul class="against-list">{advice.against.map((text) => <li key={text}>{text}</li>)}</ul>;
}

interface DecisionProps {
  advice: AdviceView;
  after: () => void;
}

/** Approve and decline; a decline says why. Buttons are only there while there is something to decide. */
export function Decision({ advice, after }: DecisionProps): JSX.Element {
  const [why, setWhy] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (verb: "approve" | "decline", body: Record<string, string>): Promise<void> => {
    setBusy(true);
    const done = await act(`/advice/${encodeURIComponent(advice.id)}/${verb}`, body);
    setBusy(false);
    if (done) setWhy(null);
    after();
  };
  if (advice.state !== "open" && !advice.may_approve) return <p class="grey refused">{advice.refused || `This advice is ${advice.state_text}.`}</p>;
  return (
    <div class="decision">
      {why === null ? (
        <div class="row">
          <button type="button" class="button first tall grow" disabled={!advice.may_approve || busy} onClick={() => void send("approve", {})}>{advice.button || "Approve"}</button>
          <button type="button" class="button tall" disabled={busy} onClick={() => setWhy("")}>Decline, say why</button>
        </div>
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); void send("decline", { reason: why }); }}>
          <label class="field">
            Why not? The advisor learns from it.
            <textarea required value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
          </label>
          <div class="row">
            <button type="submit" class="button first tall" disabled={busy || !why.trim()}>Decline</button>
            <button type="button" class="button tall" onClick={() => setWhy(null)}>Back</button>
          </div>
        </form>
      )}
      {advice.refused && <p class="grey refused">{advice.refused}</p>}
    </div>
  );
}

/** The sheet in which a row's `Approve` is decided. */
export function DecisionSheet(): JSX.Element | null {
  useTold();
  const id = asked;
  const [advice, setAdvice] = useState<AdviceView | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    setAdvice(null);
    setProblem(null);
    if (id === null) return undefined;
    const stop = new AbortController();
    get<AdviceView>(`/advice/${encodeURIComponent(id)}`, stop.signal).then(setAdvice, (error: unknown) => {
      if (error instanceof Refusal) setProblem(error.problem);
    });
    return () => stop.abort();
  }, [id]);
  if (id === null) return null;
  const close = (): void => decide(null);
  return (
    <Dialog title={advice?.title ?? "Advice"} close={close} key={id}>
      {problem && <p>{problem.found} {problem.remedy}</p>}
      {!advice && !problem && <div class="skeleton sheet-wait" />}
      {advice && (
        <>
          <AdviceFacts advice={advice} />
          <Checks advice={advice} />
          <h3>What speaks against it</h3>
          <Against advice={advice} />
          <Decision advice={advice} after={close} />
          <p class="grey"><a class="under" href={to(["advice", id])} onClick={close}>Open this advice</a></p>
        </>
      )}
    </Dialog>
  );
}
