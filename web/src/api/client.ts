import { useEffect, useRef, useState } from "preact/hooks";
import type { Done, Problem } from "./types.ts";

const ROOT = "/api/v1";

/** The service refused; `problem` says what happened, what it means and what to do. */
export class Refusal extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number,
  ) {
    super(problem.found);
  }
}

function silent(): Refusal {
  return new Refusal(
    {
      found: "The twin does not answer.",
      expected: "The pages read from a running twin on this address. Nothing is lost: the plant's data waits or goes on being kept.",
      remedy: "See whether `ecotwin run` (or `make demo`) is still running; this page tries again by itself.",
    },
    0,
  );
}

async function problemOf(response: Response): Promise<Refusal> {
  const body: unknown = await response.json().catch(() => null);
  const given = (body ?? {}) as Partial<Problem>;
  return new Refusal(
    {
      found: given.found ?? `The service answered ${response.status} ${response.statusText}.`,
      expected: given.expected ?? "",
      remedy: given.remedy ?? "Load the page again; if it stays, run `ecotwin doctor`.",
    },
    response.status,
  );
}

async function call(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(ROOT + path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw silent();
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call(path, { signal: signal ?? null, headers: { Accept: "application/json" } })).json() as Promise<T>;
}

export async function post<T = Done>(path: string, body: object, signal?: AbortSignal): Promise<T> {
  const headers = { "Content-Type": "application/json", "X-Ecotwin": "page" };
  return (await call(path, { method: "POST", headers, body: JSON.stringify(body), signal: signal ?? null })).json() as Promise<T>;
}

export interface Seen<T> {
  readonly data: T | null;
  readonly problem: Problem | null;
  /** Ask again now, e.g. after an action. */
  readonly again: () => void;
}

const kept = new Map<string, unknown>();
const KEPT_MOST = 40;

function keep(path: string, data: unknown): void {
  kept.delete(path);
  kept.set(path, data);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT_MOST && oldest !== undefined) kept.delete(oldest);
}

/** A view that refreshes itself; a failed refresh keeps the last picture and tells the problem beside it. */
export function useView<T>(path: string | null, everyMs: number): Seen<T> {
  const [, redraw] = useState(0);
  const problem = useRef<{ path: string; problem: Problem } | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === null) return undefined;
    const stop = new AbortController();
    let timer = 0;
    const ask = async (): Promise<void> => {
      try {
        if (!document.hidden) {
          keep(path, await get<T>(path, stop.signal));
          problem.current = null;
        }
      } catch (error) {
        if (stop.signal.aborted) return;
        problem.current = { path, problem: error instanceof Refusal ? error.problem : silent().problem };
      }
      if (stop.signal.aborted) return;
      redraw((n) => n + 1);
      if (everyMs > 0) timer = window.setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [path, everyMs, round]);
  return {
    data: path === null ? null : ((kept.get(path) as T | undefined) ?? null),
    problem: problem.current?.path === path ? problem.current.problem : null,
    again: () => setRound((n) => n + 1),
  };
}
