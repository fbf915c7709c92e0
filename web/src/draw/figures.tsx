import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Figure, Level, Spark } from "../api/types.ts";
import { filter, to, useRoute } from "../app/route.ts";
import { percent } from "../words/format.ts";
import { instant } from "../words/time.ts";
import { Mark, Ring, Shape } from "./marks.tsx";
import { bandPath, extent, linePath, linear } from "./scale.ts";

const W = 88;
const H = 32;

/** 24 hours of a figure: its band, its line, and the newest value as the shape of its level. */
export function SparkLine({ spark, level }: { spark: Spark; level: Level }): JSX.Element | null {
  const drawn = useMemo(() => {
    const x = spark.at.map(instant);
    const range = extent(spark.value, spark.low, spark.high);
    const [first, end] = [x[0], x.at(-1)];
    if (!range || first === undefined || end === undefined) return null;
    const pad = (range[1] - range[0]) * 0.04 || 1;
    const sx = linear([first, end], [0, W - 5]);
    const sy = linear([range[0] - pad, range[1] + pad], [H - 5, 5]);
    const last = spark.value.findLastIndex((v) => v !== null);
    const value = spark.value[last];
    return {
      line: linePath(x, spark.value, sx, sy),
      band: bandPath(x, spark.low, spark.high, sx, sy),
      dot: value === null || value === undefined ? null : ([sx(x[last] ?? end), sy(value)] as const),
    };
  }, [spark]);
  if (!drawn) return null;
  return (
    <svg class="spark" width={W} height={H} viewBox={`0 0 ${W} ${H}`} aria-hidden="true">
      <path d={drawn.band} class="band" />
      <path d={drawn.line} class="line thin" />
      {drawn.dot && <Shape level={level === "none" ? "stale" : level} x={drawn.dot[0]} y={drawn.dot[1]} size={level === "watch" || level === "act" ? 2.8 : 3} />}
    </svg>
  );
}

/** One figure: name and coverage, value and spark line, against expected and the interval. */
function Tile({ figure: given }: { figure: Figure }): JSX.Element {
  const route = useRoute();
  const other = route.query.get("reading") === given.id && given.alternative;
  const figure = other || given;
  const turn = (): void => filter({ reading: other ? "" : given.id }, true);
  const name = figure.measure ? <a href={to(["accounts"], { measure: figure.measure })} title="Open the proof of this figure">{figure.name}</a> : figure.name;
  return (
    <li class={figure.missing ? "tile missing" : "tile"}>
      <div class="tile-name grey">
        {given.alternative ? (
          <button type="button" class="other" onClick={turn} title={`Show instead: ${(other ? given : given.alternative).name}`}>{figure.name}</button>
        ) : (
          <span>{name}</span>
        )}
        {figure.coverage !== null && (
          <span class="cover" title={`${percent(figure.coverage)} of the period really measured`}>
            <Ring share={figure.coverage} /> {percent(figure.coverage)}
            <span class="hidden"> measured</span>
          </span>
        )}
      </div>
      <div class="tile-value">
        <span class="value">
          <b>{figure.digits}</b> <span class="unit">{figure.unit}</span>
        </span>
        {figure.spark && <SparkLine spark={figure.spark} level={figure.level} />}
      </div>
      <div class="tile-foot">
        {figure.missing ? (
          <span class="grey why" title={figure.missing}>{figure.missing}</span>
        ) : (
          <>
            <span class={`against level-${figure.level}`}>
              <Mark level={figure.level} quiet /> <span>{figure.against}</span>
            </span>
            <span class="grey expected" title="expected, 95 %">{figure.expected}</span>
          </>
        )}
      </div>
    </li>
  );
}

export function Figures({ figures }: { figures: readonly Figure[] }): JSX.Element {
  return (
    <ul class={figures.some((f) => f.spark) ? "figures" : "figures low"}>
      {figures.slice(0, 6).map((figure) => <Tile key={figure.id} figure={figure} />)}
    </ul>
  );
}

export function FiguresSkeleton(): JSX.Element {
  return (
    <ul class="figures" aria-hidden="true">
      {[0, 1, 2, 3, 4, 5].map((i) => <li key={i} class="tile"><div class="skeleton tile-wait" /></li>)}
    </ul>
  );
}
