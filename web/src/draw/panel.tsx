import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { csv } from "../words/format.ts";
import { savePng, saveText } from "./save.ts";

export type Cell = string | number | null;

/** The table behind a chart: what the picture shows, in figures. */
export interface Behind {
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: () => Cell[][];
  /** Address of the full series at the service, when there is more than the picture shows. */
  readonly address?: string;
}

interface PanelProps {
  title: string;
  aside?: ComponentChildren;
  behind?: Behind;
  picture?: boolean;
  /** One sentence for people who do not see the picture. */
  summary?: string;
  class?: string;
  children: ComponentChildren;
}

const SHOWN_MOST = 400;

/** A section: title that says the finding, unit and band in grey at its right, and the doors to table, CSV and PNG. */
export function Panel({ title, aside, behind, picture = true, summary, class: name = "", children }: PanelProps): JSX.Element {
  const [table, setTable] = useState(false);
  const section = useRef<HTMLElement>(null);
  return (
    <section ref={section} class={`panel ${name}`} aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
        <div class="aside grey">{aside}</div>
        {behind && (
          <Doors
            behind={behind}
            picture={picture}
            table={table}
            turn={() => setTable(!table)}
            png={() => section.current && void savePng(section.current, title, behind.name)}
          />
        )}
      </header>
      {summary && <p class="hidden">{summary}</p>}
      {table && behind ? <BehindTable behind={behind} /> : children}
    </section>
  );
}

interface DoorsProps {
  behind: Behind;
  picture: boolean;
  table: boolean;
  turn: () => void;
  png: () => void;
}

function Doors({ behind, picture, table, turn, png }: DoorsProps): JSX.Element {
  const box = useRef<HTMLDetailsElement>(null);
  useCloseOutside(box);
  const shut = (): void => {
    if (box.current) box.current.open = false;
  };
  const save = (): void => {
    saveText(`${behind.name}.csv`, csv([behind.head, ...behind.rows()]));
    shut();
  };
  return (
    <details class="menu doors" ref={box}>
      <summary aria-label={`Table and export: ${behind.name}`} title="Table, CSV, PNG">
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
          <circle cx="2" cy="7" r="1.3" fill="currentColor" /><circle cx="7" cy="7" r="1.3" fill="currentColor" /><circle cx="12" cy="7" r="1.3" fill="currentColor" />
        </svg>
      </summary>
      <div class="sheet choices">
        {picture && <button type="button" onClick={() => { turn(); shut(); }}>{table ? "Show the picture" : "Show as table"}</button>}
        <button type="button" onClick={save}>Save what is shown as CSV</button>
        {behind.address && <a href={behind.address} download={`${behind.name}-full.csv`} onClick={shut}>Save the full series as CSV</a>}
        {picture && !table && <button type="button" onClick={() => { png(); shut(); }}>Save the picture as PNG</button>}
      </div>
    </details>
  );
}

function BehindTable({ behind }: { behind: Behind }): JSX.Element {
  const rows = behind.rows();
  const shown = rows.slice(-SHOWN_MOST);
  return (
    <div class="behind" tabIndex={0} role="region" aria-label={`${behind.name}, table`}>
      <table>
        <thead>
          <tr>{behind.head.map((h, i) => <th key={i} class={i ? "num" : ""} scope="col">{h}</th>)}</tr>
        </thead>
        <tbody>
          {shown.map((row, i) => (
            <tr key={i}>{row.map((c, j) => <td key={j} class={j ? "num" : ""}>{c ?? "–"}</td>)}</tr>
          ))}
        </tbody>
      </table>
      {shown.length < rows.length && <p class="grey">The newest {SHOWN_MOST} of {rows.length} rows; the CSV has them all.</p>}
    </div>
  );
}

/** A menu closes when the click or the focus goes elsewhere. */
export function useCloseOutside(box: { current: HTMLDetailsElement | null }): void {
  useEffect(() => {
    const shut = (event: Event): void => {
      if (event instanceof KeyboardEvent && event.key !== "Escape") return;
      const inside = event.target instanceof Node && box.current?.contains(event.target);
      if (box.current?.open && (!inside || event instanceof KeyboardEvent)) box.current.open = false;
    };
    document.addEventListener("click", shut);
    document.addEventListener("keydown", shut);
    return () => {
      document.removeEventListener("click", shut);
      document.removeEventListener("keydown", shut);
    };
  }, [box]);
}

/** Width in pixels of a box, followed while the window changes. */
export function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return undefined;
    const measure = (): void => setWidth(Math.floor(node.clientWidth));
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(node);
    return () => watcher.disconnect();
  }, []);
  return [box, width];
}
