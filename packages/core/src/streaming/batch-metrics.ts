import type { MetricsRecorder, StateOperatorMetrics } from "../execution/context.ts";
import { addStateMetrics } from "./progress.ts";

/** Counters of one batch: rows by plan node, state by operator summed over its partitions. */
export class BatchMetrics implements MetricsRecorder {
  readonly #rows = new Map<number, number>();
  readonly #states = new Map<number, StateOperatorMetrics>();

  rows(node: number, rows: number): void {
    this.#rows.set(node, (this.#rows.get(node) ?? 0) + rows);
  }
  state(operatorId: number, metrics: StateOperatorMetrics): void {
    this.#states.set(operatorId, addStateMetrics(this.#states.get(operatorId), metrics));
  }
  stateOf(operatorId: number): StateOperatorMetrics {
    return addStateMetrics(this.#states.get(operatorId));
  }
}
