import type { JSX } from "preact";
import type { Alternative, DesignResult } from "../api/types.ts";
import { signed, three } from "../words/format.ts";
import { folded } from "./differences.tsx";
import { Shape } from "./marks.tsx";
import { Panel, useWidth } from "./panel.tsx";
import { linear } from "./scale.ts";

// What each alternative changes, stage of life by stage: small multiples, each with its own zero.

const NAMES = 190;
const GAP = 18;
const HEAD = 38;
const ROW = 46;
const LEVEL = { today: "none", better: "ok", worse: "act", "cannot be told apart": "watch" } as const;

export function StagesPanel({ result }: { result: DesignResult }): JSX.Element {
  const [today, ...others] = result.alternatives;
  const [box, width] = useWidth();
  const better = others.filter((a) => a.verdict === "better").length;
  const title = better ? `${better} of ${others.length} alternatives ${better === 1 ? "is" : "are"} better than today` : "None is better than today beyond doubt";
  const rows = (): (string | number)[][] => result.alternatives.flatMap((a) => a.stages.map((s) => [a.name, s.stage, s.kg, s.difference_kg, s.shifted ? "yes" : ""]));
  return (
    <Panel title={title} aside="kg CO₂e a piece, against today" summary={others.map((a) => `${a.name}: ${a.text}`).join(" ")} behind={{ name: `stages-${result.name}`, head: ["Alternative", "Stage", "kg CO2e", "Against today", "Burden shifted here"], rows }}>
      <div ref={box}>{today && width > 0 && <Chart today={today} others={others} result={result} width={width} />}</div>
      <p class="grey foot-note">Bars: difference in a stage. Dot and line: the whole with its 95 % interval. All for one life of today’s piece: what lasts longer is needed less often.</p>
    </Panel>
  );
}

interface ChartProps {
  today: Alternative;
  others: readonly Alternative[];
  result: DesignResult;
  width: number;
}

function Chart({ today, others, result, width }: ChartProps): JSX.Element {
  const names = width < 560 ? 0 : NAMES;
  const columns = [...result.stages.map(([code]) => code), "Whole"];
  const slot = (width - names) / columns.length;
  const row = names ? ROW : ROW + 18;
  const top = HEAD + 30;
  const at = (a: Alternative, code: string): number => a.stages.find((s) => s.stage === code)?.difference_kg ?? 0;
  const ends = others.flatMap((a) => [...result.stages.map(([code]) => at(a, code)), a.difference_kg - a.difference_half_kg, a.difference_kg + a.difference_half_kg]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  return (
    <svg class="chart stages" width={width} height={top + others.length * row + 4} viewBox={`0 0 ${width} ${top + others.length * row + 4}`} role="img" aria-label="Differences by stage of life. The table behind this chart has the figures.">
      {others.map((a, i) => folded(a.name, (names || width) - 12).map((line, n) => <text key={`${a.name}${n}`} x={0} y={top + i * row + (names ? 15 + n * 15 : 12)} class={n ? "" : "strong"}>{names || n === 0 ? line : ""}</text>))}
      {columns.map((code, k) => {
        const from = names + k * slot;
        const x = linear([low, high], [from + 4, from + slot - GAP]);
        const whole = code === "Whole";
        return (
          <g key={code}>
            <text x={from} y={12} class={whole ? "strong" : "grey-text"}>{label(code, result, slot)}</text>
            <text x={from} y={HEAD}><tspan class="strong">{three(whole ? today.kg : today.stages.find((s) => s.stage === code)?.kg)}</tspan><tspan dx="4" class="grey-text">{k === 0 && slot > 70 ? "today" : ""}</tspan></text>
            <path class="zero" d={others.map((_, i) => `M${x(0)} ${top + i * row + (names ? 4 : 20)}v20`).join("")} />
            {others.map((a, i) => {
              const y = top + i * row + (names ? 14 : 30);
              const value = whole ? a.difference_kg : at(a, code);
              const level = LEVEL[a.verdict];
              const shifted = a.stages.find((s) => s.stage === code)?.shifted;
              return (
                <g key={a.name}>
                  {whole ? (
                    <>
                      <path class="reach-line" d={`M${x(value - a.difference_half_kg)} ${y}H${x(value + a.difference_half_kg)}`} />
                      <Shape level={level} x={x(value)} y={y} size={4.8} />
                    </>
                  ) : <rect class={shifted ? "fill-watch" : "stage-bar"} x={Math.min(x(0), x(value))} width={Math.max(value === 0 ? 0 : 1, Math.abs(x(value) - x(0)))} y={y - 6} height={12} />}
                  <text x={from} y={y + 22} class={whole ? "strong" : "grey-text"}>{Math.abs(value) < 5e-5 ? "0" : signed(value, places(value))}{shifted ? " ▲" : ""}</text>
                </g>
              );
            })}
          </g>
        );
      })}
    </svg>
  );
}

/** `A1 materials` where there is room. */
function label(code: string, result: DesignResult, room: number): string {
  const word = result.stages.find(([c]) => c === code)?.[1].split(/[ ,]/)[0] ?? "";
  return word && (code.length + word.length + 1) * 6.4 < room ? `${code} ${word}` : code;
}

/** Decimals of a difference in kg. */
function places(value: number): number {
  const size = Math.abs(value);
  return size >= 9.95 ? 1 : size >= 0.995 ? 2 : size >= 0.0995 ? 3 : 4;
}
