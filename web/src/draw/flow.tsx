import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Flow, FlowEnd } from "../api/types.ts";
import { to } from "../app/route.ts";
import { columnDecimals, fixed, signed, three } from "../words/format.ts";
import { Hatch, Mark, Shape } from "./marks.tsx";
import { plan } from "./flowplan.ts";
import type { Block, RowPlace } from "./flowplan.ts";
import type { Behind } from "./panel.tsx";
import { useWidth } from "./panel.tsx";

const HEAD = 28;
const CARRIERS: Record<string, string> = {
  electricity: "electricity",
  gas: "gas",
  fuel: "gas",
  steam: "heat",
  heat: "heat",
  compressed_air: "air",
  nitrogen: "air",
  water: "water",
  cold: "water",
  waste: "waste",
};
const NAMES: Record<string, string> = { air: "air", heat: "heat", gas: "gas", electricity: "electricity", water: "water", waste: "waste" };

export const carrierClass = (carrier: string): string => `carrier-${CARRIERS[carrier] ?? "waste"}`;

export function flowBehind(flow: Flow): Behind {
  return {
    name: "energy-flow",
    head: ["Where it ends", "Now, kW", "Expected, kW", "Above, kW"],
    rows: () => flow.ends.map((e) => [e.name, e.kw, e.expected_kw, e.above_kw]),
  };
}

/** What the colours mean; carriers only as far as they occur. */
export function FlowLegend({ flow }: { flow: Flow }): JSX.Element {
  const carriers = [...new Set(flow.nodes.map((n) => CARRIERS[n.carrier]).filter((c): c is string => c !== undefined))];
  return (
    <ul class="legend">
      <li><i class="swatch flow" />expected</li>
      <li><i class="swatch watch" />watch</li>
      <li><i class="swatch act" />act</li>
      {carriers.map((c) => <li key={c}><i class={`edge carrier-${c}`} />{NAMES[c]}</li>)}
    </ul>
  );
}

/** The energy flow: expected pale, the kW above it as threads, ending in a table. */
export function FlowPicture({ flow }: { flow: Flow }): JSX.Element {
  const [box, width] = useWidth();
  if (!flow.nodes.length) return <p class="empty">No flow yet. It fills with the first minute of data from the meters that the plant file's balances name.</p>;
  return (
    <div ref={box} class="flow-box">
      {width >= 640 ? <Drawn flow={flow} width={width} /> : <EndsTable ends={flow.ends} />}
    </div>
  );
}

function Drawn({ flow, width }: { flow: Flow; width: number }): JSX.Element {
  const picture = Math.round(width * 0.555);
  const made = useMemo(() => plan(flow, picture, 330), [flow, picture]);
  const places = columnDecimals(flow.ends.map((e) => e.kw));
  const column = { now: width * 0.805, expected: width * 0.9, mark: width - 55, above: width };
  return (
    <svg class="chart flow" width={width} height={made.height + HEAD} viewBox={`0 0 ${width} ${made.height + HEAD}`} role="img" aria-label={flow.title}>
      <Hatch id="flow-hatch" />
      <g class="head">
        <text x={picture + 10} y={14}>Where it ends</text>
        <text x={column.now} y={14} text-anchor="end">Now, kW</text>
        <text x={column.expected} y={14} text-anchor="end">Expected, kW</text>
        <text x={column.above} y={14} text-anchor="end">Above, kW</text>
      </g>
      <g transform={`translate(0 ${HEAD})`}>
        {made.blocks.filter((b) => b.width > 4).map((b) => <rect key={b.node.id} class="block" x={b.x} y={b.y} width={b.width} height={b.height} />)}
        {made.ribbons.map((r, i) => <path key={i} d={r.path} class={r.rest ? "ribbon rest" : "ribbon"} fill={r.rest ? "url(#flow-hatch)" : undefined} />)}
        {made.strands.map((s, i) => (
          <path key={i} d={s.path} class={`strand stroke-${s.level}`} stroke-width={s.width}>
            <title>{`${s.name}: above expected`}</title>
          </path>
        ))}
        {made.blocks.map((b) => <Edge key={b.node.id} block={b} />)}
        {made.rows.map((row) => <Row key={row.end.node} row={row} x={picture + 10} column={column} places={places} />)}
      </g>
    </svg>
  );
}

/** A name cut to the room it has; the whole name stands in the title. */
function fitted(name: string, room: number, letter: number): string {
  return name.length * letter > room ? `${name.slice(0, Math.max(3, Math.floor(room / letter) - 1)).trimEnd()}…` : name;
}

/** A name on two lines where the block is high enough for them. */
function wrapped(name: string, room: number, two: boolean): [string, string] {
  const words = name.split(" ");
  if (!two || name.length * 6.6 <= room || words.length < 2) return [fitted(name, room, 6.6), ""];
  let first = words[0] ?? "";
  let i = 1;
  while (i < words.length - 1 && `${first} ${words[i] ?? ""}`.length * 6.6 <= room) first = `${first} ${words[i++] ?? ""}`;
  return [fitted(first, room, 6.6), fitted(words.slice(i).join(" "), room, 6.6)];
}

function Edge({ block }: { block: Block }): JSX.Element {
  const { node, x, y, width, height } = block;
  const edge = <rect class={node.rest ? "edge-rest" : carrierClass(node.carrier)} x={x} y={y} width={4} height={Math.max(3, height)} />;
  if (width <= 4) return edge;
  const kw = `${three(node.kw)} kW`;
  const room = width - 16;
  const oneLine = node.name.length * 6.6 + kw.length * 6.2 + 6 <= room;
  const tall = height >= 32;
  const stacked = !oneLine && tall;
  const [name, second] = wrapped(node.name, room, height >= 52 && width <= 120);
  const middle = width > 120 || !tall ? y + height / 2 + 4 - (stacked ? 8 : 0) : y + Math.min(16, height / 2 - 3);
  const label = (
    <g>
      {edge}
      <rect x={x} y={y} width={width} height={height} class="hit" />
      <text x={x + 11} y={middle}>
        <tspan class="strong">{name}</tspan>
        {second && <tspan class="strong" x={x + 11} dy={15}>{second}</tspan>}
        {oneLine && (width > 120 || !tall) && <tspan dx="6" class="grey-text">{kw}</tspan>}
      </text>
      {(stacked || (width <= 120 && tall)) && <text x={x + 11} y={middle + (second ? 31 : 16)} class="grey-text">{kw}</text>}
      <title>{`${node.name}: ${kw}`}</title>
    </g>
  );
  return node.element ? <a href={to(["machines"], { under: node.element })}>{label}</a> : label;
}

function Row({ row, x, column, places }: { row: RowPlace; x: number; column: { now: number; expected: number; mark: number; above: number }; places: number }): JSX.Element {
  const { end } = row;
  const loud = end.level === "act" || end.level === "watch";
  const y = row.y + 4;
  const inner = (
    <g class={loud ? "row loud" : "row"}>
      <rect class="hit" x={x - 6} y={row.y - 10} width={column.above - x + 6} height={20} />
      <text x={x} y={y} class={loud ? "strong" : ""}>{fitted(end.name, column.now - 34 - x, loud ? 6.4 : 5.8)}<title>{end.name}</title></text>
      <text x={column.now} y={y} text-anchor="end" class="strong">{end.kw === null ? "–" : fixed(end.kw, places)}</text>
      <text x={column.expected} y={y} text-anchor="end" class="grey-text">{end.expected_kw === null ? "–" : fixed(end.expected_kw, places)}</text>
      {loud && <Shape level={end.level} x={column.mark} y={row.y} size={4.4} />}
      <text x={column.above} y={y} text-anchor="end" class={loud ? `strong text-${end.level}` : "grey-text"}>{signed(end.above_kw, places)}</text>
    </g>
  );
  return end.element ? <a href={to(["machines", end.element])} aria-label={`${end.name}, ${three(end.kw)} kW`}>{inner}</a> : inner;
}

/** The same as a plain table: on a phone, and behind the picture. */
export function EndsTable({ ends }: { ends: readonly FlowEnd[] }): JSX.Element {
  const places = columnDecimals(ends.map((e) => e.kw));
  return (
    <table class="rows ends">
      <thead>
        <tr><th scope="col">Where it ends</th><th class="num" scope="col">Now, kW</th><th class="num" scope="col">Exp.</th><th class="num" scope="col">Above</th></tr>
      </thead>
      <tbody>
        {ends.map((e) => (
          <tr key={e.node}>
            <th scope="row" class={e.level === "act" || e.level === "watch" ? "strong ink" : "ink"}>
              {(e.level === "act" || e.level === "watch") && <Mark level={e.level} />} {e.element ? <a href={to(["machines", e.element])}>{e.name}</a> : e.name}
            </th>
            <td class="num"><b>{e.kw === null ? "–" : fixed(e.kw, places)}</b></td>
            <td class="num grey">{e.expected_kw === null ? "–" : fixed(e.expected_kw, places)}</td>
            <td class={`num ${e.level === "act" || e.level === "watch" ? `level-${e.level} strong` : "grey"}`}>{signed(e.above_kw, places)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
