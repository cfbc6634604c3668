/**
 * Watermarks of a streaming query.
 *
 * Each `withWatermark` node keeps the greatest event time seen minus its delay; the query's watermark is the least (or,
 * by policy, the greatest) of the nodes' values, never steps back, and starts at 0. What a batch saw counts from the next
 * batch on. Only the query's watermark survives a restart: the nodes start at 0 again, so with the `min` policy and two
 * streams the query's watermark rests until both have seen data.
 *
 * @see Spark `WatermarkTracker`; "Watermark rules" in docs/streaming.md
 */
import { assertInvariant } from "../errors/index.ts";
import type { EventTimeStats } from "../execution/context.ts";

export type MultipleWatermarkPolicy = "min" | "max";

/** Milliseconds of a time in microseconds, rounded down. */
export function floorMillis(micros: bigint): number {
  const millis = micros / 1000n;
  return Number(micros < 0n && millis * 1000n !== micros ? millis - 1n : millis);
}

/** Statistics of one watermark node, gathered over the partitions of a batch. */
export class EventTimeAccumulator {
  #count = 0;
  #minMicros = 0n;
  #maxMicros = 0n;
  #sumMillis = 0;

  add(stats: EventTimeStats): void {
    if (stats.count === 0) return;
    if (this.#count === 0 || stats.minMicros < this.#minMicros) this.#minMicros = stats.minMicros;
    if (this.#count === 0 || stats.maxMicros > this.#maxMicros) this.#maxMicros = stats.maxMicros;
    this.#count += stats.count;
    this.#sumMillis += stats.sumMillis;
  }
  get stats(): EventTimeStats | null {
    if (this.#count === 0) return null;
    return { count: this.#count, minMicros: this.#minMicros, maxMicros: this.#maxMicros, sumMillis: this.#sumMillis };
  }
}

export class WatermarkTracker {
  readonly #policy: MultipleWatermarkPolicy;
  readonly #delaysMs: readonly number[];
  readonly #nodes: number[];
  #globalMs: number;

  /** `delays` in microseconds, by watermark node; `initialMs` is the watermark that the checkpoint holds. */
  constructor(policy: MultipleWatermarkPolicy, delays: readonly bigint[], initialMs: number) {
    this.#policy = policy;
    this.#delaysMs = delays.map(floorMillis);
    this.#nodes = delays.map(() => 0);
    this.#globalMs = initialMs;
  }

  /** The watermark of the next batch, ms. */
  get currentMs(): number {
    return this.#globalMs;
  }

  /** Takes in what a batch saw, by node; null where it saw nothing. */
  update(seen: readonly (EventTimeStats | null)[]): void {
    assertInvariant(seen.length === this.#nodes.length, "event time statistics do not match the watermark nodes");
    if (seen.length === 0) return;
    for (const [node, stats] of seen.entries()) {
      if (stats === null) continue;
      const value = floorMillis(stats.maxMicros) - this.#delaysMs[node]!;
      if (value > this.#nodes[node]!) this.#nodes[node] = value;
    }
    const chosen = this.#policy === "min" ? Math.min(...this.#nodes) : Math.max(...this.#nodes);
    if (chosen > this.#globalMs) this.#globalMs = chosen;
  }
}
