import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Normal } from "../api/types.ts";
import { to } from "../app/route.ts";
import { Panel } from "../draw/panel.tsx";
import { act } from "./decide.tsx";

/** A person says that what a machine draws from now on is normal: why, and what follows. Then: who said it, and when. */
export function NormalPanel({ normal, id, again }: { normal: Normal; id: string; again: () => void }): JSX.Element | null {
  const [why, setWhy] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  if (!normal.why && !normal.said) return null;
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    if (await act(`/machines/${encodeURIComponent(id)}/normal`, { reason: (why ?? "").trim() })) setWhy(null);
    setBusy(false);
    again();
  };
  return (
    <Panel class="normal" title={normal.why ? "Is this normal now?" : "What is normal here"} aside="what it is held against" picture={false}>
      {normal.why && <p>{normal.why}</p>}
      {normal.why && why === null && (normal.may ? <div class="row buttons"><button type="button" class="button" onClick={() => setWhy("")}>It is normal now, say why</button></div> : <p class="grey refused">{normal.refused}</p>)}
      {normal.why && why !== null && (
        <form class="decision" onSubmit={(event) => void send(event)}>
          <p class="grey">{normal.means}</p>
          <label class="field">
            What was changed? It is sealed with your name.
            <textarea required value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
          </label>
          <div class="row">
            <button type="submit" class="button first tall" disabled={busy || !why.trim()}>Normal from now on</button>
            <button type="button" class="button tall" onClick={() => setWhy(null)}>Back</button>
          </div>
        </form>
      )}
      {normal.said && <p class="grey normal-said">{normal.said} {normal.entry !== null && <a class="under" href={to(["proof"], { entry: String(normal.entry) })}>Entry {normal.entry.toLocaleString("en-GB")}</a>}</p>}
    </Panel>
  );
}
