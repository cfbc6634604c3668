/**
 * Watermarks of a streaming query.
 *
 * Each `withWatermark` node keeps the greatest event time seen minus its delay; the query's watermark is the least (or,
 * by policy, the greatest) of the nodes' values, never steps back, and starts at 0. What a batch saw counts from the next
 * batch on. Only the query's watermark survives a restart: the nodes start at 0 again, so with the `min` policy and two
 * streams the query's watermark rests until both have seen data.
 *
 * With an idle timeout a node that has seen no rows for so long, by the timestamps of the batches, is left out of the least;
 * its rows may then be late when they come. Spark has no such timeout.
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

/** How far one watermark node is. */
export interface WatermarkNodeState {
  /** Its greatest event time less its delay, ms; null: it has seen no rows in this run. */
  readonly valueMs: number | null;
  /** Has been without rows for so long that it holds nothing back. */
  readonly idle: boolean;
  /** The query's watermark would be further but for this node. */
  readonly holdsBack: boolean;
}

interface Node {
  readonly delayMs: number;
  valueMs: number;
  seen: boolean;
  /** Timestamp of the last batch that brought rows; before the first, of the first batch of the run. */
  activeAtMs: number | null;
}

export class WatermarkTracker {
  readonly policy: MultipleWatermarkPolicy;
  readonly #nodes: readonly Node[];
  readonly #idleTimeoutMs: number;
  #batchMs = 0;
  #globalMs: number;

  /**
   * `delays` in microseconds, by watermark node; `initialMs` is the watermark that the checkpoint holds. A node counts as idle
   * after `idleTimeoutMs` without rows; Infinity: never.
   */
  constructor(
    policy: MultipleWatermarkPolicy,
    delays: readonly bigint[],
    initialMs: number,
    idleTimeoutMs: number = Infinity,
  ) {
    this.policy = policy;
    this.#nodes = delays.map((delay) => ({ delayMs: floorMillis(delay), valueMs: 0, seen: false, activeAtMs: null }));
    this.#globalMs = initialMs;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** The watermark of the next batch, ms. */
  get currentMs(): number {
    return this.#globalMs;
  }

  /** By watermark node. */
  get nodes(): readonly WatermarkNodeState[] {
    const counting = this.#counting();
    const least = Math.min(...counting.map((node) => node.valueMs));
    return this.#nodes.map((node) => {
      const idle = this.#isIdle(node);
      const holdsBack = this.policy === "min" && counting.length > 1 && !idle && node.valueMs === least;
      return { valueMs: node.seen ? node.valueMs : null, idle, holdsBack };
    });
  }

  /** Takes in what a batch saw, by node; null where it saw nothing. `batchMs` is the timestamp of the batch. */
  update(seen: readonly (EventTimeStats | null)[], batchMs: number): void {
    assertInvariant(seen.length === this.#nodes.length, "event time statistics do not match the watermark nodes");
    if (seen.length === 0) return;
    this.#batchMs = batchMs;
    for (const [i, stats] of seen.entries()) {
      const node = this.#nodes[i]!;
      node.activeAtMs ??= batchMs;
      if (stats === null) continue;
      node.seen = true;
      node.activeAtMs = batchMs;
      const value = floorMillis(stats.maxMicros) - node.delayMs;
      if (value > node.valueMs) node.valueMs = value;
    }
    const values = this.#counting().map((node) => node.valueMs);
    if (values.length === 0) return;
    const chosen = this.policy === "min" ? Math.min(...values) : Math.max(...values);
    if (chosen > this.#globalMs) this.#globalMs = chosen;
  }

  #isIdle({ activeAtMs }: Node): boolean {
    return activeAtMs !== null && this.#batchMs - activeAtMs >= this.#idleTimeoutMs;
  }

  #counting(): readonly Node[] {
    return this.policy === "max" ? this.#nodes : this.#nodes.filter((node) => !this.#isIdle(node));
  }
}
