/**
 * Hash aggregation: partial results per partition, and the merge of partial results to final values. A merge that does not
 * fit into memory deals its groups out to files by a hash of the key and merges the files one after another.
 */
import {
  type Aggregation,
  type CompiledAggregation,
  compileFinalAggregation,
  compilePartialAggregation,
} from "../../codegen/compile-aggregate.ts";
import { KeyCompiler } from "../../codegen/group-keys.ts";
import { returnMemory } from "../../columnar/batch-memory.ts";
import { sliceBatch } from "../../columnar/gather.ts";
import { vectorMemorySize } from "../../columnar/memory-size.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { vectorKindOf } from "../../columnar/vector.ts";
import { referencesTo } from "../../expressions/traverse.ts";
import type { FinalAggregateExec, PartialAggregateExec } from "../../physical-plan/physical-plan.ts";
import { type StructType, structType } from "../../types/data-type.ts";
import { dealBatch, mostDepth, partCount, type RowHash } from "../memory/deal-rows.ts";
import type { MemoryReservation } from "../memory/memory-budget.ts";
import type { OperatorMemory } from "../memory/operator-memory.ts";
import type { SpillFile } from "../memory/spill.ts";
import type { BatchContext } from "../context.ts";
import { inTurns, type Turns } from "../turns.ts";
import { expressionsOfSteps } from "../../physical-plan/expressions-of-plan.ts";
import { compiledPerUse, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

/** A partial aggregation hands on what it has when it reaches this many groups: its memory stays bounded. */
export const maximumPartialGroups: number = 1 << 18;
/** When nearly every row is a group of its own, as many as stay in the processor's cache: the merge does the work anyway. */
const fewPartialGroups = 1 << 14;
/** Rows per group below which that is so. */
const poorReduction = 1.25;
/** So little is held whatever the limit: a merge cannot do with less. */
const leastBytes = 1 << 20;
/** Groups that are merged at a stretch. */
const mergedRows = 1 << 14;
/** Groups that are dealt out at a time. */
const dealtRows = 1 << 17;

export function compilePartialAggregate(plan: PartialAggregateExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const shape = { keyFields: plan.schema.fields.slice(0, plan.keys.length), aggregates: plan.aggregates };
  const calls = plan.aggregates.flatMap((call) => [...call.args, ...(call.filter === undefined ? [] : [call.filter])]);
  const compiled = compiledPerUse(environment, [...expressionsOfSteps(plan.steps), ...plan.keys, ...calls], () =>
    compilePartialAggregation(plan.steps, input.schema, plan.keys, shape, environment.codegen),
  );
  environment.source(plan.id, compiled(0).source);
  const keyless = plan.keys.length === 0;
  const collects = collectingColumns(plan.schema, plan.keys.length).length > 0;
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return partitions.map((partition, p) =>
        lazily(async function* () {
          const aggregation = compiled(p);
          const reservation = context.memory.budget.reserve("a partial aggregation");
          let current = aggregation.start();
          let rows = 0;
          let collected = 0;
          let most = maximumPartialGroups;
          const result = (): RecordBatch => ({ schema: plan.schema, ...current.partials() });
          try {
            for await (const batch of partition) {
              rows += batch.length;
              current.add(batch);
              if (collects) collected += batch.columns.reduce((sum, column) => sum + vectorMemorySize(column), 0);
              // Keys and values have been taken over, so that the source may fill the arrays again.
              returnMemory(batch);
              const fits = reservation.tryResize(current.memoryBytes + collected);
              if (current.groups >= most || (!fits && current.memoryBytes + collected > leastBytes)) {
                most = rows < poorReduction * current.groups ? fewPartialGroups : maximumPartialGroups;
                yield result();
                current = aggregation.start();
                rows = 0;
                collected = 0;
              }
            }
            if (keyless ? rows > 0 : current.groups > 0) yield result();
          } finally {
            reservation.release();
          }
        }),
      );
    },
  };
}

export function compileFinalAggregate(plan: FinalAggregateExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const keyFields = plan.schema.fields.slice(0, plan.keyCount);
  const shape = { keyFields, aggregates: plan.aggregates };
  const compiled = compiledPerUse(environment, [], () => {
    const keys = referencesTo(input.schema.fields.slice(0, plan.keyCount));
    const compiler = new KeyCompiler(structType(input.schema.fields.slice(0, plan.keyCount)), environment.codegen);
    return {
      aggregation: compileFinalAggregation(input.schema, shape, environment.codegen),
      hash: compiler.hasher(keys, input.schema),
    };
  });
  environment.source(plan.id, compiled(0).aggregation.source);
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return partitions.map((partition, p) =>
        lazily(async function* () {
          const merge = new Merge(plan, input.schema, compiled(p), context);
          try {
            yield* merge.run(partition, 0);
          } finally {
            merge.close();
          }
        }),
      );
    },
  };
}

/** Buffer columns whose values have no fixed width: what aggregates collect. */
function collectingColumns(partial: StructType, keyCount: number): number[] {
  return partial.fields.flatMap((f, i) => {
    const kind = vectorKindOf(f.type);
    return i >= keyCount && (kind === "bytes" || kind === "list" || kind === "map" || kind === "struct") ? [i] : [];
  });
}

class Merge {
  readonly #plan: FinalAggregateExec;
  readonly #partial: StructType;
  readonly #aggregation: CompiledAggregation;
  readonly #hash: RowHash;
  readonly #memory: OperatorMemory;
  readonly #reservation: MemoryReservation;
  readonly #collecting: readonly number[];
  readonly #turns: Turns | undefined;

  constructor(
    plan: FinalAggregateExec,
    partial: StructType,
    compiled: { readonly aggregation: CompiledAggregation; readonly hash: RowHash },
    { memory, turns }: Pick<BatchContext, "memory" | "turns">,
  ) {
    this.#plan = plan;
    this.#turns = turns;
    this.#partial = partial;
    this.#aggregation = compiled.aggregation;
    this.#hash = compiled.hash;
    this.#memory = memory;
    this.#reservation = memory.budget.reserve("an aggregation");
    this.#collecting = collectingColumns(partial, plan.keyCount);
  }

  /** Merges partial results to final ones; `depth` counts how often they were dealt out. */
  async *run(input: AsyncIterable<RecordBatch>, depth: number): AsyncGenerator<RecordBatch, void, undefined> {
    let groups = this.#aggregation.start();
    let collected = 0;
    let files: SpillFile[] | undefined;
    for await (const batch of input) {
      const merged = groups;
      await inTurns(this.#turns, batch.length, mergedRows, (from, to) => merged.add(sliceBatch(batch, from, to)));
      for (const k of this.#collecting) collected += vectorMemorySize(batch.columns[k]!);
      if (this.#fits(groups.memoryBytes + collected, depth)) continue;
      files ??= Array.from({ length: partCount }, () => this.#memory.spill.create(this.#partial));
      await this.#deal(groups, depth, files);
      groups = this.#aggregation.start();
      collected = 0;
    }
    if (files === undefined) {
      const rows = { schema: this.#plan.schema, length: groups.groups, columns: groups.results() };
      for (let from = 0; from < rows.length; from += targetBatchRows) {
        yield sliceBatch(rows, from, Math.min(from + targetBatchRows, rows.length));
      }
      this.#reservation.hold(0);
      return;
    }
    await this.#deal(groups, depth, files);
    for (const file of files) {
      if (file.rows > 0) yield* this.run(file.read(), depth + 1);
      await file.remove();
    }
  }

  #fits(bytes: number, depth: number): boolean {
    if (this.#reservation.tryResize(bytes)) return true;
    if (bytes <= leastBytes) {
      this.#reservation.hold(bytes);
      return true;
    }
    if (depth < mostDepth && this.#plan.keyCount > 0) return false;
    this.#reservation.require(bytes);
    return true;
  }

  async #deal(groups: Aggregation, depth: number, files: readonly SpillFile[]): Promise<void> {
    const rows = { schema: this.#partial, ...groups.partials() };
    for (let from = 0; from < rows.length; from += dealtRows) {
      await dealBatch(sliceBatch(rows, from, Math.min(from + dealtRows, rows.length)), this.#hash, depth, files);
    }
    this.#reservation.hold(0);
  }

  close(): void {
    this.#reservation.release();
  }
}
