import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { stream, useLive } from "../api/live.ts";
import type { Bar } from "../api/types.ts";
import { useCloseOutside } from "../draw/panel.tsx";
import { Dialog, act } from "../pages/decide.tsx";
import { age } from "../words/format.ts";
import { day, hms, instant, zoneName } from "../words/time.ts";
import { filter, to, useRoute } from "./route.ts";
import { theme, useTheme } from "./theme.ts";
import type { Theme } from "./theme.ts";

export const TABS = [
  { id: "", name: "Overview" },
  { id: "machines", name: "Machines" },
  { id: "findings", name: "Findings" },
  { id: "advice", name: "Advice" },
  { id: "whatif", name: "What if" },
  { id: "accounts", name: "Accounts" },
  { id: "proof", name: "Proof" },
] as const;

function count(bar: Bar | null, tab: string): number | null {
  if (!bar) return null;
  if (tab === "findings") return bar.findings_open;
  return tab === "advice" ? bar.advice_open : null;
}

/** Now, once a second, so that ages go on counting while nothing arrives. */
function useSecond(): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(performance.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

function Brand(): JSX.Element {
  return (
    <a class="brand" href={to([])} aria-label="ecotwin, overview">
      <svg viewBox="0 0 24 16" aria-hidden="true">
        <path d="M1 10C6 10 7 2 12 2S17 9 23 6" fill="none" stroke="var(--ok)" stroke-width="3" />
        <path d="M1 14C7 14 8 6 13 6S18 12 23 10" fill="none" stroke="var(--ink)" stroke-width="2" />
      </svg>
      <span>ecotwin</span>
    </a>
  );
}

/** One word for how fresh the picture is, and its look: LIVE is said of live data only. */
function sign(bar: Bar, connected: boolean): readonly [string, string] {
  if (!connected) return ["LAST", "gone"];
  if (bar.link === "offline") return ["NO LINK", "gone"];
  if (bar.link === "connecting" || bar.freshness === "none") return ["WAITING", "wait"];
  return bar.freshness === "late" ? ["STALE", "wait"] : ["LIVE", ""];
}

function LiveSign({ bar }: { bar: Bar }): JSX.Element {
  const live = useLive();
  const now = useSecond();
  const at = instant(bar.now);
  const age_s = bar.data_age_s;
  const since = live.heard ? (now - live.heard) / 1000 : 0;
  const [word, look] = sign(bar, live.connected);
  const speed = bar.speed !== 1 ? <span class="pace"> · {bar.speed}×</span> : "";
  const data = age_s === null ? "no data yet" : `data ${age(age_s)} old`;
  const limit = `Data counts as live up to ${age(bar.data_limit_s)} of plant time.`;
  return (
    <div class={`live ${look}`} title={`${bar.data_text || bar.link_text} ${limit}`.trim()} role="status" aria-label={`${word}, ${data}`}>
      <span class={`dot ${look}`} />
      <b>{word} {hms(at, bar.timezone)}</b>
      <span class="grey">
        <span class="date">{day(at, bar.timezone)}<span class="zone">, {zoneName(at, bar.timezone)}</span> · </span>
        <span class="age">{live.connected ? data : `${age(since)} ago`}{speed}</span>
      </span>
    </div>
  );
}

const CHEVRON = (
  <svg viewBox="0 0 10 6" aria-hidden="true"><path d="M1 1L5 5L9 1" fill="none" stroke="currentColor" stroke-width="1.5" /></svg>
);

function ThemeSwitch(): JSX.Element {
  const chosen = useTheme();
  const names: readonly (readonly [Theme, string])[] = [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]];
  return (
    <div class="seg" role="group" aria-label="Light or dark">
      {names.map(([id, name]) => <button key={id} type="button" aria-pressed={chosen === id} onClick={() => theme(id)}>{name}</button>)}
    </div>
  );
}

function Person({ bar, help }: { bar: Bar; help: () => void }): JSX.Element {
  const box = useRef<HTMLDetailsElement>(null);
  useCloseOutside(box);
  return (
    <details class="menu person" ref={box}>
      <summary>{bar.person} {CHEVRON}</summary>
      <div class="sheet"><PersonFacts bar={bar} help={help} /></div>
    </details>
  );
}

export function PersonFacts({ bar, help }: { bar: Bar; help: () => void }): JSX.Element {
  return (
    <>
      <h3>Signed in</h3>
      <p><b>{bar.person}</b></p>
      <p class="grey">{bar.roles.join(", ")}</p>
      <h3>May</h3>
      <p>{bar.may.length ? bar.may.join(", ") : "read"}</p>
      <h3>Look</h3>
      <ThemeSwitch />
      <h3>Twin</h3>
      <p class="grey">{Math.round(bar.learned_share * 100)} % of expectations learned · version {bar.version}</p>
      {bar.own_text && <p class="top-gap">Its own use: <b class="num">{bar.own_text}</b></p>}
      {bar.own_note && <p class="grey small">{bar.own_note}</p>}
      <p class="top-gap"><button type="button" class="button" onClick={help}>Keys <kbd>?</kbd></button></p>
    </>
  );
}

/** The one button that stops every write to machines; it asks once and says how to allow them again. */
function StopWrites({ bar }: { bar: Bar }): JSX.Element {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const stopped = bar.writes === "stopped";
  if (bar.writes === "off")
    return <span class="grey desk" title="The plant file or the settings keep writing off.">Writes are off</span>;
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const done = await act(stopped ? "/writes/allow" : "/writes/stop", { reason: reason.trim() || "no reason given" }, () => stream.retry());
    if (done) {
      setOpen(false);
      setReason("");
    }
  };
  return (
    <>
      <button type="button" class={stopped ? "button stop stopped" : "button warn stop"} onClick={() => setOpen(true)}>
        <svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true"><rect width="9" height="9" fill="var(--act)" /></svg>
        <span>{stopped ? <>Writes stopped</> : <>Stop<span class="stop-word"> writes</span></>}</span>
      </button>
      {open && (
        <Dialog title={stopped ? "Allow writes again?" : "Stop all writes to machines?"} close={() => setOpen(false)}>
          <form onSubmit={(event) => void send(event)}>
            {stopped ? (
              <p>Approved orders may reach machines again, through the same interlocks. Nothing that was stopped is sent afterwards by itself.</p>
            ) : (
              <p>No order leaves the twin until writes are allowed again. Machines keep their present set-points; leased ones fall back by their own watchdog. Measuring goes on.</p>
            )}
            <label class="field">Reason (kept in the ledger)<input type="text" value={reason} onInput={(e) => setReason(e.currentTarget.value)} /></label>
            <div class="row">
              <button type="submit" class={stopped ? "button first tall" : "button warn tall"}>{stopped ? "Allow writes" : "Stop writes"}</button>
              <button type="button" class="button tall" onClick={() => setOpen(false)}>Back</button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}

/** What is wrong with the connection; the last picture stays and its age is counted. */
function Banner({ bar }: { bar: Bar }): JSX.Element | null {
  const live = useLive();
  const now = useSecond();
  if (!live.connected && live.heard > 0) {
    const since = (now - live.heard) / 1000;
    return (
      <div class="banner" role="alert" data-banner="disconnected">
        <span class="dot gone" />
        <p><b>The twin does not answer.</b> This is the picture of {hms(instant(bar.now), bar.timezone)}, {age(since)} ago. Nothing on it is live; the page tries again by itself.</p>
        <button type="button" class="button" onClick={() => stream.retry()}>Try now</button>
      </div>
    );
  }
  if (live.connected && bar.link !== "online")
    return (
      <div class="banner" role="alert" data-banner={bar.link}>
        <span class={bar.link === "connecting" ? "dot wait" : "dot gone"} />
        <p><b>{bar.link === "connecting" ? "Connecting to the plant." : "No connection to the plant."}</b> {bar.link_text}</p>
      </div>
    );
  if (live.connected && bar.freshness !== "live")
    return (
      <div class="banner" role="alert" data-banner="late">
        <span class="dot wait" />
        <p><b>{bar.freshness === "none" ? "Waiting for the plant's first data." : bar.notice ? "Live readings wait." : "No new data comes from the plant."}</b> {bar.data_text}</p>
      </div>
    );
  if (live.connected && bar.writes === "stopped")
    return (
      <div class="banner" role="status" data-banner="stopped">
        <svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true"><rect width="9" height="9" fill="var(--act)" /></svg>
        <p><b>Writes are stopped.</b> No order reaches a machine. “Writes stopped” above allows them again.</p>
      </div>
    );
  if (live.connected && bar.notice)
    return (
      <div class="banner quiet" role="status" data-banner="notice">
        <span class="dot busy" />
        <p>{bar.notice}</p>
      </div>
    );
  return null;
}

interface ShellProps {
  bar: Bar | null;
  help: () => void;
  more: () => void;
  children: ComponentChildren;
}

export function Shell({ bar, help, more, children }: ShellProps): JSX.Element {
  const route = useRoute();
  const tab = route.path[0] ?? "";
  const area = route.query.get("area") ?? "";
  return (
    <>
      <a class="hidden" href="#content" onClick={(e) => { e.preventDefault(); document.getElementById("content")?.focus(); }}>Skip to the content</a>
      <header class="bar">
        <Brand />
        <span class="split" />
        <div class="who-when">
          <span class="plant">{bar?.plant ?? "…"}</span>
          <select aria-label="Area" value={area} onChange={(e) => filter({ area: e.currentTarget.value })}>
            <option value="">All areas</option>
            {bar?.areas.map((a) => <option key={a.id} value={a.id}>{a.name}</option>)}
          </select>
          <span class="split" />
          <nav class="tabs" aria-label="Views">
            {TABS.map((t) => (
              <a key={t.id} href={to(t.id ? [t.id] : [])} aria-current={tab === t.id ? "page" : undefined}>
                {t.name}
                {count(bar, t.id) !== null && <span class="count">{count(bar, t.id)}</span>}
              </a>
            ))}
          </nav>
          <span class="fill desk" />
          {bar && <LiveSign bar={bar} />}
        </div>
        <span class="fill phone" />
        <span class="split who" />
        {bar && <div class="who desk"><Person bar={bar} help={help} /></div>}
        <span class="split who" />
        <a class="seek" href={to(["machines"], { find: "1" })} aria-label="Search machines">
          <svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="6.5" cy="6.5" r="5" fill="none" stroke="currentColor" stroke-width="1.7" /><path d="M10.5 10.5L15 15" stroke="currentColor" stroke-width="1.7" /></svg>
        </a>
        {bar && <StopWrites bar={bar} />}
      </header>
      {bar && <Banner bar={bar} />}
      <main id="content" tabIndex={-1}>{children}</main>
      <BottomTabs bar={bar} tab={tab} more={more} />
    </>
  );
}

const ICONS: Record<string, string> = {
  "": "M2 8L9 2L16 8M4 7V16H14V7",
  findings: "M3 3H15V15H3Z",
  advice: "M3 9.5L7 14L15 4",
  machines: "M2 16V9L7 12V9L12 12V3H16V16ZM2 16H16",
  more: "M2 4H16M2 9H16M2 14H16",
};

function BottomTabs({ bar, tab, more }: { bar: Bar | null; tab: string; more: () => void }): JSX.Element {
  const icon = (id: string): JSX.Element => (
    <svg viewBox="0 0 18 18" aria-hidden="true"><path d={ICONS[id] ?? ""} fill="none" stroke="currentColor" stroke-width="1.6" /></svg>
  );
  return (
    <nav class="bottom" aria-label="Views">
      {["", "findings", "advice", "machines"].map((id) => {
        const name = TABS.find((t) => t.id === id)?.name ?? "";
        return (
          <a key={id} href={to(id ? [id] : [])} aria-current={tab === id ? "page" : undefined}>
            {icon(id)}
            <span>{name} {count(bar, id) ?? ""}</span>
          </a>
        );
      })}
      <button type="button" onClick={more} aria-current={["whatif", "accounts", "proof"].includes(tab) ? "page" : undefined}>
        {icon("more")}
        <span>More</span>
      </button>
    </nav>
  );
}

/** The rest of the doors on a phone: what if, accounts, proof, area, person, look. */
export function More({ bar, close, help }: { bar: Bar; close: () => void; help: () => void }): JSX.Element {
  const route = useRoute();
  const pick = (area: string): void => {
    filter({ area });
    close();
  };
  return (
    <Dialog title={bar.plant} close={close}>
      <div class="row">
        <a class="button tall" href={to(["whatif"])} onClick={close}>What if</a>
        <a class="button tall" href={to(["accounts"])} onClick={close}>Accounts</a>
        <a class="button tall" href={to(["proof"])} onClick={close}>Proof</a>
      </div>
      <label class="field">
        Area
        <select class="select" value={route.query.get("area") ?? ""} onChange={(e) => pick(e.currentTarget.value)}>
          <option value="">All areas</option>
          {bar.areas.map((a) => <option key={a.id} value={a.id}>{a.name}</option>)}
        </select>
      </label>
      <div class="person-sheet"><PersonFacts bar={bar} help={help} /></div>
      <div class="row"><button type="button" class="button tall" onClick={close}>Close</button></div>
    </Dialog>
  );
}
