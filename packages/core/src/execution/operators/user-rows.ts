/** Closures over typed rows: rows go in as objects, what comes back is checked against the schema. */
import { compileRowAppender, compileRowReader, type RowOptions } from "../../codegen/row-objects.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { createBuilder, type VectorBuilder } from "../../columnar/vector-builder.ts";
import type { UserRowsExec } from "../../physical-plan/physical-plan.ts";
import type { StructType } from "../../types/data-type.ts";
import { lazily, type Operator, type OperatorEnvironment, type Partition } from "./operator.ts";
import { compileRowChains, isChained } from "./row-chains.ts";
import { isThenable, UserCode } from "./user-code.ts";

export function compileUserRows(plan: UserRowsExec, environment: OperatorEnvironment): Operator {
  if (environment.options.codegen && isChained(plan)) return compileRowChains(plan, environment);
  const input = environment.compile(plan.input);
  const options = { ...environment.codegen, timeZone: environment.options.timeZone };
  const rowsOf = compileRowReader(input.schema, options);
  const { how, fn } = plan.plan;
  const output = rowBuffers(plan.schema, options);

  async function* filter(partition: Partition, code: UserCode): AsyncGenerator<RecordBatch, void, undefined> {
    for await (const batch of partition) {
      const row = rowsOf(batch);
      const selection = new Int32Array(batch.length);
      let count = 0;
      for (let i = 0; i < batch.length; i++) {
        const result = code.call(row(i));
        const keep = isThenable(result) ? await code.settled(result) : result;
        if (keep === true) selection[count++] = i;
      }
      if (count > 0) yield { ...gatherBatch(batch, selection, count), schema: plan.schema };
    }
  }
  async function* map(partition: Partition, code: UserCode): AsyncGenerator<RecordBatch, void, undefined> {
    const rows = output();
    for await (const batch of partition) {
      const row = rowsOf(batch);
      for (let i = 0; i < batch.length; i++) {
        const result = code.call(row(i));
        rows.add(isThenable(result) ? await code.settled(result) : result);
      }
      yield rows.take();
    }
  }
  async function* flatMap(partition: Partition, code: UserCode): AsyncGenerator<RecordBatch, void, undefined> {
    const rows = output();
    for await (const batch of partition) {
      const row = rowsOf(batch);
      for (let i = 0; i < batch.length; i++) {
        const result = code.call(row(i));
        if (Array.isArray(result)) {
          for (const element of result as readonly unknown[]) {
            rows.add(isThenable(element) ? await code.settled(element) : element);
          }
        } else {
          for await (const element of code.elements(result)) rows.add(element);
        }
        if (rows.length >= targetBatchRows) yield rows.take();
      }
      if (rows.length > 0) yield rows.take();
    }
  }
  async function* mapPartitions(partition: Partition, code: UserCode): AsyncGenerator<RecordBatch, void, undefined> {
    const batches: RecordBatch[] = [];
    for await (const batch of partition) batches.push(batch);
    function* allRows(): Generator<unknown, void, undefined> {
      for (const batch of batches) {
        const row = rowsOf(batch);
        for (let i = 0; i < batch.length; i++) yield row(i);
      }
    }
    const rows = output();
    for await (const element of code.elements(code.call(allRows()))) {
      rows.add(element);
      if (rows.length >= targetBatchRows) yield rows.take();
    }
    if (rows.length > 0) yield rows.take();
  }
  const run = { filter, map, flatMap, mapPartitions }[how];
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      const result = how === "filter" ? undefined : plan.schema;
      const code = new UserCode(fn, input.schema, result, context.signal);
      return partitions.map((partition) => lazily(() => run(partition, code)));
    },
  };
}

/** Makes buffers for rows of a schema. */
export function rowBuffers(schema: StructType, options: RowOptions): () => RowBuffer {
  const appender = compileRowAppender(schema, options);
  return () => new RowBuffer(schema, appender);
}

/** Collects users' rows into batches. */
export class RowBuffer {
  readonly #schema: StructType;
  readonly #builders: readonly VectorBuilder[];
  readonly #append: (row: unknown) => void;
  length = 0;
  constructor(schema: StructType, appender: ReturnType<typeof compileRowAppender>) {
    this.#schema = schema;
    this.#builders = schema.fields.map((f) => createBuilder(f.type));
    this.#append = appender(this.#builders);
  }

  add(row: unknown): void {
    this.#append(row);
    this.length++;
  }

  /** The rows so far; the buffer is empty afterwards. */
  take(): RecordBatch {
    const batch = { schema: this.#schema, length: this.length, columns: this.#builders.map((b) => b.finish()) };
    this.length = 0;
    return batch;
  }
}
