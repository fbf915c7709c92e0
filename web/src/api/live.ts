import { useEffect, useState } from "preact/hooks";
import { Refusal, get } from "./client.ts";
import type { Bar, Overview, Problem } from "./types.ts";

/** The live picture of one area. After `SILENT_MS` without an event it counts as disconnected. */
export interface Live {
  readonly overview: Overview | null;
  readonly connected: boolean;
  /** performance.now() of the last picture. */
  readonly heard: number;
  readonly problem: Problem | null;
}

const SILENT_MS = 5000;
const RETRY_MS = 3000;
const NONE: Live = { overview: null, connected: false, heard: 0, problem: null };

class Stream {
  state: Live = NONE;
  private readonly listeners = new Set<() => void>();
  private source: EventSource | null = null;
  private area = "";
  private timer = 0;

  open(area: string): void {
    if (this.source && this.area === area) return;
    if (this.area !== area) this.set(NONE);
    this.area = area;
    this.connect();
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => this.watch(), 1000);
  }

  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  retry(): void {
    this.connect();
  }

  private query(): string {
    return this.area ? `?area=${encodeURIComponent(this.area)}` : "";
  }

  private connect(): void {
    this.source?.close();
    const source = new EventSource(`/api/v1/live${this.query()}`);
    this.source = source;
    this.tried = performance.now();
    source.addEventListener("overview", (event) => {
      const overview = JSON.parse((event as MessageEvent<string>).data) as Overview;
      this.set({ overview, connected: true, heard: performance.now(), problem: null });
    });
    source.onerror = () => {
      if (this.source !== source) return;
      if (this.state.connected || !this.state.problem) void this.explain();
      this.set({ ...this.state, connected: false });
    };
    if (!this.state.overview) void this.explain();
  }

  private tried = 0;

  /** Ask once by plain request: the first picture at once, or the reason why there is none. */
  private async explain(): Promise<void> {
    const asked = this.area;
    try {
      const overview = await get<Overview>(`/overview${this.query()}`);
      if (asked === this.area && !this.state.connected)
        this.set({ ...this.state, overview, connected: true, problem: null, heard: performance.now() });
    } catch (error) {
      if (asked === this.area && error instanceof Refusal) this.set({ ...this.state, connected: false, problem: error.problem });
    }
  }

  private watch(): void {
    const now = performance.now();
    const quiet = now - this.state.heard > SILENT_MS;
    if (quiet && this.state.connected) this.set({ ...this.state, connected: false });
    const closed = this.source?.readyState === EventSource.CLOSED;
    if (now - this.tried > RETRY_MS && (closed || (quiet && now - this.tried > SILENT_MS))) this.connect();
  }

  private set(state: Live): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

export const stream = new Stream();

export function useLive(): Live {
  const [, redraw] = useState(0);
  useEffect(() => stream.listen(() => redraw((n) => n + 1)), []);
  return stream.state;
}

/** The newest bar: from the stream, else from the view at hand. */
export function useBar(other: Bar | null | undefined): Bar | null {
  const live = useLive();
  const fromLive = live.overview?.bar ?? null;
  if (!fromLive || !other) return fromLive ?? other ?? null;
  return other.now > fromLive.now ? other : fromLive;
}
