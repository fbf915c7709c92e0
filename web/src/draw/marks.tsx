import type { JSX } from "preact";
import type { Level } from "../api/types.ts";

const WORD: Record<Level, string> = {
  ok: "as expected",
  watch: "watch",
  act: "act",
  stale: "stale or estimated",
  none: "no expectation yet",
};

/** The shape of a level inside an SVG: circle, triangle, square, dashed ring. */
export function Shape({ level, x, y, size = 5 }: { level: Level; x: number; y: number; size?: number }): JSX.Element {
  if (level === "watch")
    return <path class="fill-watch" d={`M${x} ${y - size}L${x + size * 1.1} ${y + size * 0.9}H${x - size * 1.1}Z`} />;
  if (level === "act") return <rect class="fill-act" x={x - size} y={y - size} width={2 * size} height={2 * size} />;
  if (level === "ok") return <circle class="fill-ok" cx={x} cy={y} r={size * 0.92} />;
  return <circle cx={x} cy={y} r={size * 0.85} class="shape-open" stroke-dasharray={level === "stale" ? "2 1.6" : "none"} />;
}

/** The mark of a level in running text; its word is there for screen readers. */
export function Mark({ level, quiet = false }: { level: Level; quiet?: boolean }): JSX.Element {
  return (
    <svg class="mark" width="10" height="10" viewBox="0 0 10 10" role="img" aria-label={quiet ? undefined : WORD[level]} aria-hidden={quiet}>
      <Shape level={level} x={5} y={5} size={level === "ok" ? 4.4 : 4.6} />
    </svg>
  );
}

/** Ring for the share really measured. */
export function Ring({ share }: { share: number }): JSX.Element {
  const around = 2 * Math.PI * 4;
  return (
    <svg class="ring" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      <circle cx="5" cy="5" r="4" class="ring-rest" />
      <circle cx="5" cy="5" r="4" class="ring-part" stroke-dasharray={`${share * around} ${around}`} transform="rotate(-90 5 5)" />
    </svg>
  );
}

export function Tick({ passed }: { passed: boolean }): JSX.Element {
  return (
    <svg class={passed ? "tick level-ok" : "tick level-act"} width="12" height="12" viewBox="0 0 12 12" role="img" aria-label={passed ? "holds" : "does not hold"}>
      <path d={passed ? "M1.5 6.5L4.5 9.5L10.5 2.5" : "M2 2L10 10M10 2L2 10"} fill="none" stroke="currentColor" stroke-width="2" />
    </svg>
  );
}

/** Diagonal hatching for what is missing; `id` must be unique on the page. */
export function Hatch({ id }: { id: string }): JSX.Element {
  return (
    <defs>
      <pattern id={id} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <line x1="0" y1="0" x2="0" y2="6" class="hatch-line" />
      </pattern>
    </defs>
  );
}
