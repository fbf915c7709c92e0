import type { JSX } from "preact";
import type { StateRow } from "../api/types.ts";
import { columnDecimals, fixed, signed } from "../words/format.ts";
import { Shape } from "./marks.tsx";
import type { Behind } from "./panel.tsx";
import { linear, roundTicks } from "./scale.ts";

const W = 240;
const H = 20;

export function statesBehind(rows: readonly StateRow[]): Behind {
  return {
    name: "power-by-state",
    head: ["State", "Time, h", "Mean, kW", "Expected, kW", "Low", "High", "Energy, kWh", "Expected, kWh", "Above, kWh"],
    rows: () => rows.map((r) => [r.name, r.hours, r.mean_kw, r.expected_kw?.value ?? null, r.expected_kw?.low ?? null, r.expected_kw?.high ?? null, r.energy_kwh, r.expected_kwh, r.above_kwh]),
  };
}

/** Power by state: the block is what was expected, the mark what it was; the way between is the excess. */
export function StateTable({ rows, total }: { rows: readonly StateRow[]; total: StateRow | null }): JSX.Element {
  const top = Math.max(1, ...rows.flatMap((r) => [r.mean_kw ?? 0, r.expected_kw?.high ?? 0, r.expected_kw?.value ?? 0]));
  const ticks = roundTicks(0, top * 1.05, 3);
  const sx = linear([0, Math.max(top * 1.05, ticks.at(-1) ?? 1)], [4, W - 16]);
  const all = total ? [...rows, total] : rows;
  const places = { mean: columnDecimals(rows.map((r) => r.mean_kw)), kwh: columnDecimals(all.map((r) => r.energy_kwh)), h: 1 };
  return (
    <table class="rows states">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col" class="num">Time, h</th>
          <th scope="col" class="num">Mean, kW</th>
          <th scope="col" class="dots" aria-hidden="true">
            <svg width={W} height={16}>
              {ticks.map((t, i) => <text key={t} x={sx(t)} y={12} text-anchor="middle" class="grey-text">{i === ticks.length - 1 ? `${fixed(t, t % 1 ? 1 : 0)} kW` : fixed(t, t % 1 ? 1 : 0)}</text>)}
            </svg>
          </th>
          <th scope="col" class="num">Energy, kWh</th>
          <th scope="col" class="num wide">Expected, kWh</th>
          <th scope="col" class="num">Above, kWh</th>
        </tr>
      </thead>
      <tbody>{rows.map((r) => <Row key={r.state} row={r} sx={sx} ticks={ticks} places={places} />)}</tbody>
      {total && <tfoot><Row row={total} sx={null} ticks={[]} places={places} /></tfoot>}
    </table>
  );
}

interface RowProps {
  row: StateRow;
  sx: ((v: number) => number) | null;
  ticks: readonly number[];
  places: { mean: number; kwh: number; h: number };
}

function Row({ row, sx, ticks, places }: RowProps): JSX.Element {
  const loud = row.level === "act" || row.level === "watch";
  const tone = loud ? `strong level-${row.level}` : "";
  const expected = row.expected_kw;
  return (
    <tr class={sx ? "" : "total"}>
      <th scope="row" class="strong ink">{sx && <i class={`state state-${row.state}`} />}{row.name}</th>
      <td class="num">{fixed(row.hours, places.h)}</td>
      <td class={`num ${tone}`}>{row.mean_kw === null ? "–" : fixed(row.mean_kw, places.mean)}</td>
      <td class="dots" aria-hidden="true">
        {sx && (
          <svg class="chart" width={W} height={H} viewBox={`0 0 ${W} ${H}`}>
            {ticks.map((t) => <line key={t} class="grid" x1={sx(t)} x2={sx(t)} y1={0} y2={H} />)}
            {expected && expected.low !== null && expected.high !== null && <rect class="band" x={sx(expected.low)} y={4} width={Math.max(2, sx(expected.high) - sx(expected.low))} height={12} />}
            {expected && <line class="expected-mark" x1={sx(expected.value)} x2={sx(expected.value)} y1={4} y2={16} />}
            {expected && row.mean_kw !== null && loud && <line class={`way stroke-${row.level}`} x1={sx(expected.value)} x2={sx(row.mean_kw)} y1={10} y2={10} />}
            {row.mean_kw !== null && (loud ? <Shape level={row.level} x={sx(row.mean_kw)} y={10} size={4.6} /> : <circle class="dot-ink" cx={sx(row.mean_kw)} cy={10} r={4.4} />)}
          </svg>
        )}
      </td>
      <td class="num">{fixed(row.energy_kwh, places.kwh)}</td>
      <td class="num grey wide">{row.expected_kwh === null ? "–" : fixed(row.expected_kwh, places.kwh)}</td>
      <td class={`num ${tone || "grey"}`}>{signed(row.above_kwh, places.kwh)}</td>
    </tr>
  );
}
