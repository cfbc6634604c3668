import type { TrafficRow } from "./query.ts";

/** One route in one window, as the screen shows it. */
export interface RouteTraffic {
  readonly route: string;
  readonly requests: number;
  readonly errors: number;
  /** Milliseconds: p50, p95, p99; undefined without latencies. */
  readonly ms: readonly (number | null)[] | undefined;
}

export interface WindowTraffic {
  readonly startMs: number;
  readonly endMs: number;
  /** Time of the newest line in the window. */
  readonly latestMs: number;
  /** Busiest first. */
  readonly routes: readonly RouteTraffic[];
}

/** Keeps the newest windows of a stream of updates: each row replaces what was known of its route and window. */
export class RecentWindows {
  readonly #keep: number;
  readonly #windows = new Map<number, { readonly endMs: number; readonly routes: Map<string, TrafficRow> }>();

  constructor(keep: number) {
    this.#keep = keep;
  }

  update(rows: readonly TrafficRow[]): void {
    for (const row of rows) {
      const { start, end } = row.window;
      if (start === null || end === null || row.route === null) continue;
      const key = start.getTime();
      let window = this.#windows.get(key);
      if (window === undefined) {
        window = { endMs: end.getTime(), routes: new Map() };
        this.#windows.set(key, window);
        this.#forgetOldest();
      }
      window.routes.set(row.route, row);
    }
  }

  /** Oldest first. */
  all(): readonly WindowTraffic[] {
    return [...this.#windows]
      .toSorted(([a], [b]) => a - b)
      .map(([startMs, { endMs, routes }]) => ({
        startMs,
        endMs,
        latestMs: Math.max(...[...routes.values()].map((row) => row.latest?.getTime() ?? startMs)),
        routes: [...routes.values()]
          .map(trafficOf)
          .toSorted((a, b) => b.requests - a.requests || compare(a.route, b.route)),
      }));
  }

  #forgetOldest(): void {
    if (this.#windows.size > this.#keep) this.#windows.delete(Math.min(...this.#windows.keys()));
  }
}

function trafficOf({ route, requests, errors, ms }: TrafficRow): RouteTraffic {
  return { route: route ?? "", requests, errors, ms: ms ?? undefined };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
