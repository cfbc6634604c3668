/** The rows of one batch that came too late, for the query's `lateRows` function. */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { LateRowsTaker } from "../execution/context.ts";
import { assertInvariant } from "../errors/index.ts";
import type { OperatorState } from "../physical-plan/stateful.ts";
import type { QueryRun } from "./query-run.ts";
import { lateRowsOwners } from "./stateful-operators.ts";

/** Where late rows were found. */
export interface LateRowsOrigin {
  readonly batchId: number;
  readonly operatorId: number;
  readonly operatorName: string;
}

export class LateRowsCollector {
  readonly #owners: ReadonlyMap<number, OperatorState>;
  readonly #kept = new Map<OperatorState, RecordBatch[]>();
  readonly #watermarkOf: (operatorId: number) => bigint;

  /** @param watermarkOf µs: rows at or before it are late for the operator */
  constructor(run: QueryRun, watermarkOf: (operatorId: number) => bigint) {
    this.#owners = run.input.takeLateRows === undefined ? new Map() : lateRowsOwners(run.plan.physical);
    this.#watermarkOf = watermarkOf;
  }

  taker(node: number): LateRowsTaker | undefined {
    const owner = this.#owners.get(node);
    if (owner === undefined) return undefined;
    const watermarkOf = this.#watermarkOf;
    return {
      get watermark() {
        return watermarkOf(owner.operatorId);
      },
      keep: (rows) => {
        const kept = this.#kept.get(owner) ?? [];
        kept.push(rows);
        this.#kept.set(owner, kept);
      },
    };
  }

  /** Hands over what was found, operator by operator. */
  async deliver(run: QueryRun, batchId: number): Promise<void> {
    const { takeLateRows } = run.input;
    for (const [{ operatorId, operatorName }, rows] of this.#kept) {
      assertInvariant(takeLateRows !== undefined, "late rows were kept for nobody");
      await takeLateRows(rows, { batchId, operatorId, operatorName });
    }
  }
}
