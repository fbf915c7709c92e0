import type { JSX } from "preact";
import type { Headline, Problem } from "../api/types.ts";
import { FiguresSkeleton } from "../draw/figures.tsx";
import { Mark } from "../draw/marks.tsx";

/** The first line of every page: state in ink, the cost in the colour of its level. */
export function Sentence({ headline, under }: { headline: Headline; under?: JSX.Element }): JSX.Element {
  const text = headline.text.trimEnd();
  return (
    <div class="sentence">
      <h1>
        {text} {headline.cost && <><span class={`level-${headline.level}`}>{headline.cost}</span>.</>}
      </h1>
      {under}
    </div>
  );
}

/** What happened, what it means, what to do. */
export function ProblemBox({ problem, again }: { problem: Problem; again: () => void }): JSX.Element {
  return (
    <section class="problem panel" role="alert">
      <h2><Mark level="act" quiet /> {problem.found}</h2>
      <dl>
        {problem.expected && <><dt>Expected</dt><dd>{problem.expected}</dd></>}
        {problem.remedy && <><dt>What to do</dt><dd>{problem.remedy}</dd></>}
      </dl>
      <button type="button" class="button" onClick={again}>Try again</button>
    </section>
  );
}

/** The refresh failed but there is an older picture. */
export function StaleNote({ problem, again }: { problem: Problem; again: () => void }): JSX.Element {
  return (
    <p class="stale-note grey" role="status">
      <Mark level="stale" quiet /> Not refreshed: {problem.found} <button type="button" class="link" onClick={again}>Try again</button>
    </p>
  );
}

/** A page of grey blocks of the size that will stand there. */
export function Skeleton({ kind }: { kind: "overview" | "page" | "list" }): JSX.Element {
  return (
    <div aria-busy="true" aria-label="Loading">
      <div class="sentence"><div class="skeleton sentence-wait" /></div>
      {kind !== "list" && <FiguresSkeleton />}
      <div class="two">
        <div class="panel"><div class="skeleton block-wait" /></div>
        <div class="panel side"><div class="skeleton block-wait" /></div>
      </div>
    </div>
  );
}
